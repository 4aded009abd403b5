import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * Writes of this group answer 404 for a missing object, 409 for one that has changed meanwhile and
 * 400 for all other mistakes of the caller.
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

/** Wraps a handler: its errors become those of this group. */
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
