import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/**
 * Statuses by which IAM writes answer to reasons; an invalid object is a bad request, as in 3.0.
 */
const STATUS: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Invalid: 400,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 409,
  TooManyRequests: 429,
};

/** Gives an error of an IAM write the status that 3.0's clients know. */
export function iamError(error: unknown): unknown {
  if (!(error instanceof StatusError)) {
    return error;
  }

  const code = STATUS[error.reason] ?? 500;

  return code === error.code
    ? error
    : new StatusError(code, error.reason, error.message, error.details);
}

/** Returns 404 in the words of 3.0's caches, with the kind in singular and lower case. */
export function missing(kind: string, group: string, name: string): StatusError {
  return new StatusError(
    404,
    'NotFound',
    `${kind}${group === '' ? '' : `.${group}`} "${name}" not found`,
  );
}

/** Throws 400 for an object with another name than the path of its request has. */
export function requireName(object: KubeObject, name: string): void {
  const given = object.metadata?.name;
  if (given !== name) {
    throw badRequest(
      `the name of the object (${given ?? ''}) does not match the name on the URL (${name})`,
    );
  }
}
