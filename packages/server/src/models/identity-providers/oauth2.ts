import type { ProviderFetch } from './http.ts';
import { type LoginSecrets, ProviderError, type ShownSettings } from './provider.ts';

/** Settings of the authorization code flow (RFC 6749 section 4.1). */
export interface OAuth2Settings {
  clientID: string;
  clientSecret: string;
  redirectURL: string;
  scopes: readonly string[];
  endpoint: { authURL: string; tokenURL: string; userInfoURL: string; endSessionURL?: string };
}

/** Returns the URL at which the browser requests a code; a query in the configured URL is kept. */
export function authorizationURL(
  { clientID, redirectURL, scopes, endpoint }: OAuth2Settings,
  { state }: LoginSecrets,
): URL {
  const url = new URL(endpoint.authURL);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', clientID);
  url.searchParams.set('redirect_uri', redirectURL);

  if (scopes.length > 0) {
    url.searchParams.set('scope', scopes.join(' '));
  }

  url.searchParams.set('state', state);

  return url;
}

/**
 * Returns the JSON object of a successful answer. Throws a ProviderError that quotes only an OAuth
 * error code.
 */
async function jsonOf(response: Response, what: string): Promise<Record<string, unknown>> {
  let value: unknown;

  try {
    value = await response.json();
  } catch {
    // Reported below.
  }

  const object: Record<string, unknown> | undefined =
    typeof value === 'object' && value !== null ? { ...value } : undefined;

  // GitHub sends errors with status 200.
  const { error } = object ?? {};
  if (typeof error === 'string' && /^[\w.-]{1,64}$/.test(error)) {
    throw new ProviderError(`the ${what} was refused: ${error}`, { outcome: 'refused' });
  }

  if (!response.ok) {
    throw new ProviderError(`the ${what} failed with status ${response.status}`, {
      outcome: response.status >= 500 ? 'failed' : 'refused',
    });
  }

  if (!object) {
    throw new ProviderError(`the answer to the ${what} is no JSON object`, { outcome: 'failed' });
  }

  return object;
}

/**
 * Exchanges a code for an access token, and the token for the provider's JSON about the user.
 * Throws a ProviderError.
 */
export async function userInfo(
  fetch: ProviderFetch,
  settings: OAuth2Settings,
  code: string,
): Promise<Record<string, unknown>> {
  const { clientID, clientSecret, redirectURL, endpoint } = settings;

  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectURL,
    client_id: clientID,
    client_secret: clientSecret,
  });

  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };

  const token = await jsonOf(
    await fetch(endpoint.tokenURL, { method: 'POST', headers, body }),
    'token request',
  );

  const { access_token: access } = token;

  // A token must be a valid header value (RFC 6750 section 2.1).
  if (typeof access !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(access)) {
    throw new ProviderError('the provider answers without an access token', { outcome: 'failed' });
  }

  const bearer = { accept: 'application/json', authorization: `Bearer ${access}` };

  return jsonOf(await fetch(endpoint.userInfoURL, { headers: bearer }), 'request for the user');
}

/** Returns a text of a provider's JSON, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 1024 ? value : undefined;
}

/**
 * Returns the settings of an OAuth provider for log-in pages, as 3.x shows them; undefined without
 * an address.
 */
export function shownOf({
  clientID,
  redirectURL,
  scopes,
  endpoint,
}: OAuth2Settings): ShownSettings | undefined {
  const { authURL, endSessionURL = '' } = endpoint;
  if (authURL === '') {
    return undefined;
  }

  return {
    clientID,
    redirectURL,
    scopes,
    endpoint: { authURL, ...(endSessionURL !== '' && { endSessionURL }) },
  };
}
