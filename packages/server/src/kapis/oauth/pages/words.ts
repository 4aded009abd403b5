import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { providerFailure } from '../../../models/iam/providers/provider-passwords.ts';
import { OAuthError } from '../../../models/oauth/errors.ts';

/**
 * Returns a failed log-in in the words of 3.0's OAuth endpoints: the kind of failure, then the
 * reason.
 */
export function worded(thrown: unknown): unknown {
  const error = providerFailure(thrown);
  if (!(error instanceof StatusError) || error instanceof OAuthError) {
    return error;
  }
  if (error.code === 401) {
    return new StatusError(401, error.reason, `Unauthorized: ${error.message}`);
  }
  if (error.code === 403) {
    return new StatusError(403, 'Forbidden', `Forbidden: ${error.message}`);
  }
  if (error.code !== 503) {
    return error;
  }

  const { cause } = error;

  return new StatusError(
    503,
    error.reason,
    `Internal error occurred: ${error.message}`,
    error.details,
    { cause },
  );
}
