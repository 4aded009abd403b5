import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import { withParameters } from '../../models/oauth/redirect-uris.ts';
import { SUCCESS } from '../page-reply.ts';
import { bearerOf, browserAt, isBrowser } from './callers.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { logoutPage, messagePage } from './pages/pages.ts';

/**
 * Returns where the browser goes afterwards; undefined when nothing is asked for, false for an
 * unregistered URI.
 */
function destinationOf(
  { clients }: OAuthDependencies,
  parameters: URLSearchParams,
  client: string,
): string | undefined | false {
  const wanted = parameters.get('post_logout_redirect_uri') ?? '';
  if (wanted === '') {
    return undefined;
  }
  if (!clients.find(client)?.postLogoutRedirectURIs.includes(wanted)) {
    return false;
  }

  const state = parameters.get('state');

  return withParameters(wanted, new URLSearchParams(state ? { state } : {}), 'query').replace(
    /[?&]$/,
    '',
  );
}

/**
 * Logs a browser out (OpenID Connect RP-Initiated Logout). An ID token of its user shows that a
 * client of theirs asks; without one the user is asked, because any page could send them here.
 */
async function browserLogout(
  dependencies: OAuthDependencies,
  request: RouteRequest,
): Promise<RouteReply> {
  const { body } = request;
  const form = body instanceof URLSearchParams ? body : undefined;

  // The parameters of the page's own form are in its query.
  const parameters = form && !form.has('csrf') ? form : request.query;
  const browser = browserAt(dependencies, request);
  const user = await dependencies.browsers.findUser(browser);
  const hint = await dependencies.idTokens.hint(parameters.get('id_token_hint') ?? '');
  const client = hint?.client ?? parameters.get('client_id') ?? '';
  const destination = destinationOf(dependencies, parameters, client);
  const named = parameters.get('client_id');
  if (destination === false || (hint && named !== null && named !== hint.client)) {
    return messagePage('Not logged out', 'The redirect address is not registered.', {
      status: 400,
    });
  }

  const query = parameters.toString();
  const about = ['logout', user?.session ?? '', query];
  const confirmed =
    form?.has('csrf') === true &&
    dependencies.forms.accepts(browser, form.get('csrf') ?? '', ...about);

  if (user && user.identity.name !== hint?.sub && !confirmed) {
    const { token, cookie } = dependencies.forms.issue(browser, ...about);
    const page = { user: user.identity.name, action: `logout?${query}`, token };
    return logoutPage(page, { cookies: [cookie], leadsTo: destination ?? '' });
  }

  if (hint && hint.session !== '') {
    await dependencies.sessions.end({ id: hint.session, username: hint.sub });
  }

  const cookie = await dependencies.browsers.end(browser);

  // Without a session, or proof of one, nobody is redirected.
  if (destination !== undefined && (hint || confirmed)) {
    return new RouteReply(request.method === 'POST' ? 303 : 302, {
      location: destination,
      'cache-control': 'no-store',
      'set-cookie': cookie,
    });
  }

  return messagePage('Logged out', 'You are logged out of KubeSphere in this browser.', {
    cookies: [cookie],
  });
}

/**
 * `GET` and `POST /oauth/logout`: ends the session of the Bearer token at once, on every replica; a
 * form of another site cannot do that, because it cannot send the header. For a browser, ends the
 * session of its cookie. Throws Unauthorized for callers who have neither.
 */
export function logout(dependencies: OAuthDependencies): Handler {
  return async (request) => {
    const token = bearerOf(request);
    if (token !== undefined) {
      const { sid } = await dependencies.tokens.verify(token, 'access_token');
      await dependencies.sessions.end({ id: sid, username: request.user.name, token });
      return SUCCESS;
    }

    const asks = request.query.has('id_token_hint') || request.body instanceof URLSearchParams;
    if (!asks && !isBrowser(request)) {
      throw unauthorized('a Bearer token is needed');
    }

    return browserLogout(dependencies, request);
  };
}
