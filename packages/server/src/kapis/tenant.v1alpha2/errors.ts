import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * Writes of this group answer 404 for what is missing, 409 for what has changed meanwhile and 400
 * for all else that the caller got wrong.
 */
export function tenantError(error: unknown): unknown {
  if (
    !(error instanceof StatusError) ||
    error.code === 404 ||
    error.code >= 500 ||
    error.reason === 'Conflict'
  ) {
    return error;
  }

  if (error.code === 401 || error.code === 403) {
    return error;
  }

  return new StatusError(400, error.reason, error.message, error.details);
}

/** Lets a handler's errors be those of this group. */
export function guarded<A extends unknown[]>(
  handle: (...args: A) => unknown,
): (...args: A) => Promise<unknown> {
  return async (...args) => {
    try {
      return await handle(...args);
    } catch (error) {
      throw tenantError(error);
    }
  };
}
