import { StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import {
  type AuthorizationRequest,
  type Destination,
  destinationOf,
  parseRequest,
} from '../../models/oauth/authorization-request.ts';
import type { LoggedIn } from '../../models/oauth/codes.ts';
import { OAuthError } from '../../models/oauth/errors.ts';
import { withParameters } from '../../models/oauth/redirect-uris.ts';
import { checkCaller, needsConsent, needsLogin } from '../../models/oauth/user-steps.ts';
import { sessionId } from '../../models/session/issue.ts';
import { browserAt, callerOf, isBrowser } from './callers.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { askConsent, askLogin, type Dialog, submitted } from './pages/prompt.ts';

/** The parameters of the request, and the fields of the prompt page's form if one was sent. */
function inputOf({ query, body }: RouteRequest): {
  parameters: URLSearchParams;
  form: URLSearchParams | undefined;
} {
  if (!(body instanceof URLSearchParams)) {
    return { parameters: query, form: undefined };
  }

  // A client may send its request by POST too (OpenID Connect Core section 3.1.2.1).
  return body.has('csrf')
    ? { parameters: query, form: body }
    : { parameters: body, form: undefined };
}

/**
 * Redirects the browser to the client with an answer; after a form with 303, so that the form is
 * not sent again (RFC 9700 section 4.12).
 */
function answer(
  { issuerUrl }: OAuthDependencies,
  { method }: RouteRequest,
  { redirectUri, state, mode }: Destination,
  result: Record<string, string>,
  cookies: readonly string[] = [],
): RouteReply {
  const parameters = new URLSearchParams(result);

  if (state !== '') {
    parameters.set('state', state);
  }

  // Identifies this server, so that its answer is not taken for another server's (RFC 9207).
  parameters.set('iss', issuerUrl());

  return new RouteReply(method === 'POST' ? 303 : 302, {
    location: withParameters(redirectUri, parameters, mode),
    'content-type': 'text/plain',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    ...(cookies.length > 0 && { 'set-cookie': [...cookies] }),
  });
}

/**
 * 3.0's answer to a caller without log-in and browser; some clients ask for a challenge (3.x
 * respondWithChallenges).
 */
function notLoggedIn({ client }: AuthorizationRequest): RouteReply {
  const text = 'Unauthorized: log in first';
  const challenge = client.respondWithChallenges && {
    'www-authenticate': 'Basic realm="KubeSphere"',
  };

  return new RouteReply(401, { 'content-type': 'text/plain; charset=utf-8', ...challenge }, text);
}

/**
 * The implicit grant (RFC 6749 section 4.2), for callers who send a credential themselves, as in
 * 3.0: never with a browser's log-in.
 */
async function implicit(
  dependencies: OAuthDependencies,
  request: RouteRequest,
  asked: AuthorizationRequest,
): Promise<RouteReply> {
  const caller = await callerOf(dependencies, request);
  if (!caller) {
    if (asked.prompt.has('none')) {
      throw new OAuthError('login_required', 'nobody is logged in');
    }
    return notLoggedIn(asked);
  }

  checkCaller(asked, caller);

  const { client, scope } = asked;

  const grant = {
    client,
    scope,
    session: sessionId(),
    authTime: caller.authTime,
    refreshable: false,
  };

  const { access_token, expires_in } = await dependencies.issuer.issue(caller.identity, grant);

  return answer(dependencies, request, asked, {
    access_token,
    token_type: 'Bearer',
    ...(expires_in !== undefined && { expires_in: String(expires_in) }),
    scope,
  });
}

/**
 * The authorization code grant (RFC 6749 section 4.1): asks for log-in and consent when needed,
 * then issues a code.
 */
async function code(dialog: Dialog): Promise<RouteReply> {
  const { dependencies, request, asked } = dialog;
  const grant = async (user: LoggedIn, cookies?: readonly string[]) =>
    answer(
      dependencies,
      request,
      asked,
      { code: await dependencies.codes.issue(asked, user) },
      cookies,
    );
  const caller = await callerOf(dependencies, request);
  if (caller) {
    checkCaller(asked, caller);
    return grant(caller);
  }

  if (dialog.form) {
    return submitted(dialog, dialog.form, grant);
  }

  const silent = asked.prompt.has('none');
  if (!silent && !isBrowser(request)) {
    return notLoggedIn(asked);
  }

  const user = await dependencies.browsers.findUser(dialog.browser);
  if (!user || needsLogin(asked, user)) {
    if (silent) {
      throw new OAuthError('login_required', 'the user is not logged in, or the log-in is too old');
    }
    return askLogin(dialog);
  }

  if (needsConsent(asked)) {
    if (silent) {
      throw new OAuthError('consent_required', 'the user must agree first');
    }
    return askConsent(dialog, user);
  }

  return grant(user);
}

/**
 * `GET` and `POST /oauth/authorize` (RFC 6749 section 3.1). Unlike in 3.0 nothing is issued before
 * all checks have passed, never to an anonymous caller, and never to an unregistered redirect URI.
 */
export function authorize(dependencies: OAuthDependencies): Handler {
  return async (request) => {
    const { parameters, form } = inputOf(request);
    const destination = destinationOf(parameters, dependencies.clients);

    try {
      const asked = parseRequest(parameters, destination);
      if (asked.responseType === 'token') {
        return await implicit(dependencies, request, asked);
      }

      const browser = browserAt(dependencies, request);

      return await code({ dependencies, request, asked, parameters, form, browser });
    } catch (error) {
      if (!(error instanceof OAuthError)) {
        throw worded(error);
      }

      return answer(dependencies, request, destination, {
        error: error.error,
        error_description: error.message,
      });
    }
  };
}

function worded(error: unknown): unknown {
  const plain =
    error instanceof StatusError && error.code === 401 && !error.message.startsWith('Unauthorized');
  return plain ? unauthorized(`Unauthorized: ${error.message}`) : error;
}
