import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** 500 in exactly these words: 3.0's, which consoles show. */
export function uploadFailure(message: string, cause?: unknown): StatusError {
  return new StatusError(500, 'InternalError', message, undefined, { cause });
}
