import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import { Type } from 'typebox';
import { type ProviderFetch, type ProviderRequest, providerFetch } from './http.ts';
import { shownOf, textOf } from './oauth2.ts';
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

/** How long a provider's metadata are kept, in milliseconds. */
const METADATA_MS = 3_600_000;

/** Allowed difference of clocks, in seconds. */
const CLOCK_TOLERANCE = 10;

/**
 * How long after a failure log-in pages do not ask again, and how long they wait for an answer, in
 * milliseconds.
 */
const PAUSE_MS = 10_000;
const SOON_MS = 1000;

const client = () => import('openid-client');

/** Turns an error of the library into one without tokens and claims, which are in its causes. */
interface ErrorFields {
  error?: unknown;
  code?: unknown;
  cause?: unknown;
}

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

/**
 * A provider's metadata (OpenID Connect Discovery 1.0), read at the first log-in and then once an
 * hour.
 */
class Metadata {
  readonly #load: () => Promise<Configuration>;
  #loaded: Promise<Configuration> | undefined;
  #since = 0;
  #failed = 0;

  constructor(load: () => Promise<Configuration>) {
    this.#load = load;
  }

  get(): Promise<Configuration> {
    if (this.#loaded && Date.now() - this.#since < METADATA_MS) {
      return this.#loaded;
    }

    this.#since = Date.now();

    const loading = this.#load();
    this.#loaded = loading;

    loading.catch(() => {
      this.#failed = Date.now();
      if (this.#loaded === loading) {
        this.#loaded = undefined;
      }
    });

    return loading;
  }

  /**
   * Returns the metadata to log-in pages, which must not wait long; undefined while they are
   * unknown, or could not be read lately.
   */
  async getSoon(): Promise<Configuration | undefined> {
    if (Date.now() - this.#failed < PAUSE_MS) {
      return undefined;
    }

    const late = new AbortController();
    const waited = setTimeout(SOON_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const known = await Promise.race([this.get().catch(() => undefined), waited]);

    late.abort();

    return known;
  }
}

/**
 * Any OpenID provider: authorization code with PKCE and nonce; signature, issuer, audience and
 * times of ID tokens are verified.
 */
export const oidc: ProviderType<typeof settings> = {
  settings,
  async open(given) {
    const issuer = httpURL('issuer', given.issuer);
    const redirect = httpURL('redirectURL', given.redirectURL);
    if (redirect.search !== '' || redirect.href !== given.redirectURL) {
      throw new SettingsError(
        'redirectURL',
        `write it without a query and as ${redirect.origin}${redirect.pathname}`,
      );
    }

    const fetch = asFetch(providerFetch(await tlsOptions(given)));
    const scope = [
      ...new Set(['openid', ...(given.scopes.length > 0 ? given.scopes : ['profile', 'email'])]),
    ].join(' ');

    const metadata = new Metadata(async () => {
      const library = await client();
      const { clientSecret } = given;

      const auth: ClientAuth = (as, ...rest) => {
        if (clientSecret === '') {
          return library.None()(as, ...rest);
        }

        // Without metadata, Basic is what every provider accepts (OpenID Connect Discovery 1.0
        // section 3).
        const methods = as.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
        const basic =
          methods.includes('client_secret_basic') || !methods.includes('client_secret_post');

        return (
          basic ? library.ClientSecretBasic(clientSecret) : library.ClientSecretPost(clientSecret)
        )(as, ...rest);
      };

      // Uses http only if the operator has configured it.
      const execute = issuer.protocol === 'http:' ? [library.allowInsecureRequests] : [];
      const known = { [library.clockTolerance]: CLOCK_TOLERANCE };

      const config = await library.discovery(issuer, given.clientID, known, auth, {
        execute,
        [library.customFetch]: fetch,
      });

      library.enableNonRepudiationChecks(config);

      return config;
    });

    const exchange = async (
      query: URLSearchParams,
      secrets: LoginSecrets | undefined,
    ): Promise<ProviderIdentity> => {
      const library = await client();
      const config = await metadata.get();
      const url = new URL(redirect);

      // `iss` is checked by the library (RFC 9207).
      for (const name of ['code', 'iss', 'state']) {
        const value = query.get(name);
        if (value !== null) {
          url.searchParams.set(name, value);
        }
      }

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
      const more = given.getUserInfo
        ? await library.fetchUserInfo(config, tokens.access_token, claims.sub)
        : {};
      const all: Record<string, unknown> = { ...claims, ...more };
      const displayName = textOf(all.name);
      const email = all.email_verified === false ? undefined : textOf(all[given.emailKey]);

      return {
        uid: claims.sub,
        // Not the display name, as in 3.x: users can choose it freely.
        username: textOf(all[given.preferredUsernameKey]) ?? claims.sub,
        ...(email && { email }),
        ...(displayName && { displayName }),
      };
    };

    return {
      kind: 'redirect',
      credential: 'code',
      redirectURL: given.redirectURL,
      async shown() {
        const { endpoint } = given;
        const said =
          endpoint.authURL === '' ? (await metadata.getSoon())?.serverMetadata() : undefined;
        const authURL = endpoint.authURL || said?.authorization_endpoint || '';
        const endSessionURL = endpoint.endSessionURL || said?.end_session_endpoint || '';

        return shownOf({ ...given, endpoint: { ...endpoint, authURL, endSessionURL } });
      },
      async begin({ state, nonce, verifier }) {
        const library = await client();

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
          return await exchange(query, secrets);
        } catch (error) {
          throw toProviderError(error, 'refused');
        }
      },
    };
  },
};
