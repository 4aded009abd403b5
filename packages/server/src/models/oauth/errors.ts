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

const STATUS: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
};

/**
 * A failure in OAuth's own words: its message is `error_description`. Endpoints without those words
 * send it as text.
 */
export class OAuthError extends StatusError {
  readonly error: OAuthErrorCode;

  constructor(error: OAuthErrorCode, description: string) {
    const status = STATUS[error] ?? 400;
    super(
      status,
      status === 401 ? 'Unauthorized' : status === 403 ? 'Forbidden' : 'BadRequest',
      description,
    );

    this.error = error;
  }
}
