import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorizeUrl, Browser, type Page, pkce } from './browser.ts';
import { ADMIN_PASSWORD, TestServer } from './test-server.ts';

/** The redirect URI of the clients of `startAuthorization`. */
export const CALLBACK = 'https://app.example/cb?x=1';

/** The log-in form of admin. */
export const ADMIN = { username: 'admin', password: ADMIN_PASSWORD };

/** The PKCE pair of `url` and `redeem`. */
export const proof = pkce();

const CONFIG = `authentication:
  multipleLogin: true
  authenticateRateLimiterMaxTries: 50
  oauthOptions:
    identityProviders:
    - {name: git-hub, type: GitHubIdentityProvider, provider: {clientID: x, clientSecret: y, redirectURL: "${CALLBACK}"}}
    clients:
    - {name: app, redirectURIs: ["${CALLBACK}"]}
    - {name: secret, secret: s3cret, redirectURIs: ["${CALLBACK}", "https://app.example/other"]}
    - {name: asks, redirectURIs: ["${CALLBACK}"], grantMethod: prompt}
    - {name: denied, redirectURIs: ["${CALLBACK}"], grantMethod: deny}
    - {name: cli, redirectURIs: ["http://127.0.0.1/cb", "http://[::1]:7/cb"]}
    - {name: little, redirectURIs: ["${CALLBACK}"], scopeRestrictions: [openid, email]}
    - {name: curl, redirectURIs: ["${CALLBACK}"], respondWithChallenges: true}
    - {name: anywhere, redirectURIs: ["*"]}
`;

/**
 * Returns the address of an authorization request by the client `app`, unless the parameters
 * override it.
 */
export function url(parameters: Record<string, string> = {}): string {
  const own = {
    client_id: 'app',
    redirect_uri: CALLBACK,
    code_challenge: proof.challenge,
    state: 's t',
  };

  return authorizeUrl({ ...own, ...parameters });
}

/** Returns the error that the redirect URI gives the client. */
export function errorOf({ location }: Page): string | undefined {
  return location?.searchParams.get('error') ?? undefined;
}

/**
 * Starts a server with clients of every kind; returns helpers that act as their users and as the
 * clients.
 */
export async function startAuthorization() {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-authorize-')), 'kubesphere.yaml');
  await writeFile(config, CONFIG);

  const server = await TestServer.start({ args: ['--config', config] });
  const browser = (headers?: Record<string, string>) => new Browser(server.url, headers);

  /** Exchanges a code, as the client `app` unless the form overrides it. */
  const redeem = (
    code: string,
    form: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) => {
    const own = { grant_type: 'authorization_code', client_id: 'app', redirect_uri: CALLBACK };
    return server.call('/oauth/token', {
      form: { ...own, code_verifier: proof.verifier, code, ...form },
      headers,
    });
  };

  /** Logs admin in with a new browser; returns it with its code. */
  const logIn = async (parameters: Record<string, string> = {}) => {
    const user = browser();
    const done = await user.submit(await user.open(url(parameters)), ADMIN);
    assert.equal(done.status, 303, done.html);
    return { user, done, code: done.location!.searchParams.get('code')! };
  };

  /** Creates a user; returns their log-in form. */
  const createUser = async (name: string) => {
    const body = {
      metadata: { name },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    };

    const answer = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
      token: await server.token(),
      body,
    });

    assert.equal(answer.status, 200, answer.text);

    return { username: name, password: 'Passw0rd!' };
  };

  return { server, browser, redeem, logIn, createUser };
}
