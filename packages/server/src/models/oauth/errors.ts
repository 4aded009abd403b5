import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * Error codes of RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 7009 and OpenID
 * Connect Core section 3.1.2.6.
 */
export type OAuthErrorCode =
  | 'access_denied'
  | 'consent_required'
  | 'insufficient_scope'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_token'
  | 'login_required'
  | 'registration_not_supported'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/** Statuses of errors that are not 400. */
const STATUS: Partial<Record<OAuthErrorCode, { code: number; reason: string }>> = {
  invalid_client: { code: 401, reason: 'Unauthorized' },
  invalid_token: { code: 401, reason: 'Unauthorized' },
  insufficient_scope: { code: 403, reason: 'Forbidden' },
};

/**
 * An error with an OAuth code; its message is `error_description`. Endpoints without such codes
 * send it as text.
 */
export class OAuthError extends StatusError {
  readonly error: OAuthErrorCode;

  constructor(error: OAuthErrorCode, description: string) {
    const { code, reason } = STATUS[error] ?? { code: 400, reason: 'BadRequest' };
    super(code, reason, description);

    this.error = error;
  }
}
