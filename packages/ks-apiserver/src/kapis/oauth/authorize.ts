import { StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply } from '@ks-apiserver/apiserver/routes/route';
import { ANONYMOUS } from '../../models/iam/authenticate.ts';
import type { TokenIssuer } from '../../models/session/issue.ts';

/** A registered OAuth client (RFC 6749 section 2), as far as authorization looks at it. */
export interface OAuthClient {
  name: string;
  redirectURIs: readonly string[];
  grantMethod: 'auto' | 'prompt' | 'deny';
}

/** The one place to which a client may be sent: the URI that it asks for if it is registered word for word, else the first registered one. */
function redirectOf(client: OAuthClient, asked: string): string {
  const registered = client.redirectURIs.filter((uri) => uri !== '*');
  const uri = asked === '' ? registered[0] : registered.find((known) => known === asked);
  if (uri === undefined) throw unauthorized('Unauthorized: redirect URL is not allowed');
  return uri;
}

/**
 * `GET /oauth/authorize`: the implicit grant (RFC 6749 section 4.2) for somebody who is logged in. Unlike 3.0 nothing is
 * issued before all checks have passed, never to an anonymous caller, and never to a redirect URI that is not registered.
 */
export function authorize(clients: readonly OAuthClient[], issuer: TokenIssuer): Handler {
  return async ({ query, user }) => {
    const client = clients.find(({ name }) => name === query.get('client_id'));
    if (!client) throw unauthorized('Unauthorized: the OAuth client was not found');
    const type = query.get('response_type') ?? '';
    if (type !== 'token')
      throw new StatusError(401, 'Unauthorized', `Response type ${type.slice(0, 64)} is not supported`);
    if (user.name === ANONYMOUS.name) throw unauthorized('Unauthorized: log in first');
    if (client.grantMethod === 'deny') throw unauthorized('Unauthorized: the OAuth client is not granted tokens');
    const redirect = redirectOf(client, query.get('redirect_uri') ?? '');
    const { access_token, expires_in } = await issuer.issue({ name: user.name, uid: user.uid ?? '' });
    const state = query.get('state');
    const fragment = new URLSearchParams({ access_token, token_type: 'Bearer' });
    if (expires_in !== undefined) fragment.set('expires_in', String(expires_in));
    if (state) fragment.set('state', state);
    const separator = redirect.includes('#') ? '&' : '#';
    return new RouteReply(302, {
      location: `${redirect}${separator}${fragment}`,
      'content-type': 'text/plain',
      'cache-control': 'no-store',
    });
  };
}
