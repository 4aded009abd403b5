import { internalError } from '@ks-apiserver/apimachinery/meta/errors';

/** What `start` was given; throws a StatusError 500 before that. */
export function requireStarted<T>(value: T | undefined): T {
  if (value === undefined) {
    throw internalError('admission runs before it was started');
  }

  return value;
}
