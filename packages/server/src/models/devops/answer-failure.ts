import { internalError, type StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** 500: Jenkins has answered something else than its API promises. */
export function answerFailure(got: string, expected: string): StatusError {
  return internalError(`Jenkins answered with ${got} where ${expected} was expected`);
}
