import { createHash } from 'node:crypto';
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import { type Static, Type } from 'typebox';
import { type ProviderFetch, type ProviderRequest, providerFetch } from './http.ts';
import { shownOf, textOf } from './oauth2.ts';
import { ProviderMetadata } from './oidc-metadata.ts';
import {
  type LoginSecrets,
  type Outcome,
  ProviderError,
  type ProviderIdentity,
  type ProviderType,
  SettingsError,
} from './provider.ts';
import { Flag, httpURL, Needed, OAUTH, Text } from './settings.ts';
import { tlsOptions } from './tls.ts';

const settings = Type.Object({
  ...OAUTH,
  issuer: Needed(),
  getUserInfo: Flag(),
  emailKey: Text('email'),
  preferredUsernameKey: Text('preferred_username'),
});

/** Allowed difference of clocks, in seconds. */
const CLOCK_TOLERANCE = 10;

type OidcSettings = Static<typeof settings>;
type Claims = Record<string, unknown> & { sub: string };
type Library = typeof import('openid-client');

const load = (): Promise<Library> => import('openid-client');

/** What is read of the library's errors. */
interface ErrorFields {
  error?: unknown;
  code?: unknown;
  cause?: unknown;
}

/** Turns an error of the library into one without tokens and claims, which are in its causes. */
function toProviderError(error: unknown, outcome: Outcome): ProviderError {
  const { error: oauthError, code, cause }: ErrorFields = Object(error);

  for (let deep: unknown = error, i = 0; deep instanceof Error && i < 5; deep = deep.cause, i++) {
    if (deep instanceof ProviderError) {
      return deep;
    }
  }

  const word = [oauthError, code].find(
    (text) => typeof text === 'string' && /^[\w.-]{1,64}$/.test(text),
  );
  const { claim }: { claim?: unknown } = Object(Object(cause).cause);
  const of = typeof claim === 'string' && /^\w{1,32}$/.test(claim) ? ` of the claim ${claim}` : '';

  return new ProviderError(`the provider's answer was refused${word ? `: ${word}` : ''}${of}`, {
    outcome,
    cause: error,
  });
}

function asFetch(fetch: ProviderFetch): CustomFetch {
  return (url, { method, headers, body }) =>
    fetch(url, { method, headers, body: body as ProviderRequest['body'] });
}

/** Returns the address to which the provider sends browsers back. Throws a SettingsError. */
function redirectOf({ redirectURL }: OidcSettings): URL {
  const redirect = httpURL('redirectURL', redirectURL);
  if (redirect.search !== '' || redirect.href !== redirectURL) {
    throw new SettingsError(
      'redirectURL',
      `write it without a query and as ${redirect.origin}${redirect.pathname}`,
    );
  }

  return redirect;
}

/** Returns how this client proves itself to the provider's token endpoint. */
function clientAuthOf(library: Library, clientSecret: string): ClientAuth {
  if (clientSecret === '') {
    return library.None();
  }

  const [basic, post] = [
    library.ClientSecretBasic(clientSecret),
    library.ClientSecretPost(clientSecret),
  ];

  return (server, ...rest) => {
    // Without metadata, Basic is what every provider accepts (OpenID Connect Discovery 1.0 section
    // 3).
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const usesPost =
      methods.includes('client_secret_post') && !methods.includes('client_secret_basic');

    return usesPost ? post(server, ...rest) : basic(server, ...rest);
  };
}

/** Reads the metadata of a provider. Throws the library's errors, and a ProviderError. */
async function discover(
  { clientID, clientSecret }: OidcSettings,
  issuer: URL,
  fetch: CustomFetch,
): Promise<Configuration> {
  const library = await load();

  // Uses http only if the operator has configured it.
  const execute = issuer.protocol === 'http:' ? [library.allowInsecureRequests] : [];
  const config = await library.discovery(
    issuer,
    clientID,
    { [library.clockTolerance]: CLOCK_TOLERANCE },
    clientAuthOf(library, clientSecret),
    { execute, [library.customFetch]: fetch },
  );

  library.enableNonRepudiationChecks(config);

  return config;
}

/** Returns the address with which the browser came back, as the library expects it. */
function callbackURL(redirect: URL, query: URLSearchParams): URL {
  const url = new URL(redirect);

  // `iss` is checked by the library (RFC 9207).
  for (const name of ['code', 'iss', 'state']) {
    const value = query.get(name);
    if (value !== null) {
      url.searchParams.set(name, value);
    }
  }

  return url;
}

/** Exchanges a code for the claims about a user. Throws the library's errors, and a ProviderError. */
async function exchange(
  config: Configuration,
  url: URL,
  { secrets, getUserInfo }: { secrets: LoginSecrets | undefined; getUserInfo: boolean },
): Promise<Claims> {
  const library = await load();

  // A console that handles the callback itself passes on only the code.
  if (!secrets && !url.searchParams.has('iss')) {
    url.searchParams.set('iss', config.serverMetadata().issuer);
  }

  const tokens = await library.authorizationCodeGrant(config, url, {
    idTokenExpected: true,
    expectedState: secrets ? secrets.state : library.skipStateCheck,
    ...(secrets && { expectedNonce: secrets.nonce, pkceCodeVerifier: secrets.verifier }),
  });

  const claims = tokens.claims();
  if (!claims) {
    throw new ProviderError('the provider sent no ID token', { outcome: 'failed' });
  }

  const more = getUserInfo
    ? await library.fetchUserInfo(config, tokens.access_token, claims.sub)
    : {};

  return { ...claims, ...more, sub: claims.sub };
}

function identityOf(
  { emailKey, preferredUsernameKey }: OidcSettings,
  claims: Claims,
): ProviderIdentity {
  const displayName = textOf(claims.name);
  const email = claims.email_verified === false ? undefined : textOf(claims[emailKey]);

  return {
    uid: claims.sub,
    // Not the display name, as in 3.x: users can choose it freely.
    username: textOf(claims[preferredUsernameKey]) ?? claims.sub,
    ...(email && { email }),
    ...(displayName && { displayName }),
  };
}

/**
 * Any OpenID provider: authorization code with PKCE and nonce; signature, issuer, audience and
 * times of ID tokens are verified.
 */
export const oidc: ProviderType<typeof settings> = {
  settings,
  async open(given) {
    const issuer = httpURL('issuer', given.issuer);
    const redirect = redirectOf(given);
    const fetch = asFetch(providerFetch(await tlsOptions(given)));
    const metadata = new ProviderMetadata(() => discover(given, issuer, fetch));

    const asked = given.scopes.length > 0 ? given.scopes : ['profile', 'email'];
    const scope = [...new Set(['openid', ...asked])].join(' ');

    return {
      kind: 'redirect',
      credential: 'code',
      redirectURL: given.redirectURL,
      async shown() {
        const { endpoint } = given;
        const known =
          endpoint.authURL === '' ? (await metadata.getSoon())?.serverMetadata() : undefined;
        const authURL = endpoint.authURL || known?.authorization_endpoint || '';
        const endSessionURL = endpoint.endSessionURL || known?.end_session_endpoint || '';

        return shownOf({ ...given, endpoint: { ...endpoint, authURL, endSessionURL } });
      },
      async begin({ state, nonce, verifier }) {
        const library = await load();

        try {
          return library.buildAuthorizationUrl(await metadata.get(), {
            redirect_uri: given.redirectURL,
            scope,
            state,
            nonce,
            code_challenge: createHash('sha256').update(verifier).digest('base64url'),
            code_challenge_method: 'S256',
          });
        } catch (error) {
          throw toProviderError(error, 'failed');
        }
      },
      async finish(query, secrets) {
        try {
          const { getUserInfo } = given;
          const url = callbackURL(redirect, query);
          const claims = await exchange(await metadata.get(), url, { secrets, getUserInfo });
          return identityOf(given, claims);
        } catch (error) {
          throw toProviderError(error, 'refused');
        }
      },
    };
  },
};
