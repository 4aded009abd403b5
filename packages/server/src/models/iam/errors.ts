import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * Reasons that IAM writes answer with their own status; an invalid object is a bad request here, as
 * in 3.0.
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

/** An error of an IAM write with the status that 3.0's clients know. */
export function iamError(error: unknown): unknown {
  if (!(error instanceof StatusError)) {
    return error;
  }

  const code = STATUS[error.reason] ?? 500;

  return code === error.code
    ? error
    : new StatusError(code, error.reason, error.message, error.details);
}

/** 404 in the words of 3.0's caches: the kind in singular and lower case. */
export function missing(kind: string, group: string, name: string): StatusError {
  return new StatusError(
    404,
    'NotFound',
    `${kind}${group === '' ? '' : `.${group}`} "${name}" not found`,
  );
}

/** 400: the body is about another object than the path. */
export function nameMismatch(body: string, path: string): StatusError {
  return badRequest(
    `the name of the object (${body}) does not match the name on the URL (${path})`,
  );
}
