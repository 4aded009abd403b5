import { readFile } from 'node:fs/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Logger } from 'pino';
import { ConfigError } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import type { OAuthDependencies } from '../kapis/oauth/dependencies.ts';
import { BrowserSessions } from '../models/oauth/browser-sessions.ts';
import { Clients } from '../models/oauth/clients.ts';
import { AuthorizationCodes } from '../models/oauth/codes.ts';
import { FormTokens } from '../models/oauth/form-tokens.ts';
import { IdTokens } from '../models/oauth/id-tokens.ts';
import { type SigningKeyOptions, SigningKeys } from '../models/oauth/signing-keys.ts';
import { UserDirectory } from '../models/oauth/user-claims.ts';
import type { SecretStore } from './secrets.ts';

type OAuthOptions = Config['authentication']['oauthOptions'];

/** What the OAuth endpoints share with the rest of the server. */
export interface OAuthContext
  extends Pick<
    OAuthDependencies,
    'login' | 'issuer' | 'authenticator' | 'sessions' | 'tokens' | 'issuerUrl' | 'providers'
  > {
  users: Informer;
  keys: SigningKeys;
  /** The key of HS256 tokens. */
  secret: string;
  mayLogIn: (username: string, uid: string) => boolean;
}

/** The configured key in PEM (3.2: a file, or base64 in the configuration). */
async function signKey({ signKey, signKeyData }: OAuthOptions): Promise<string | undefined> {
  if (signKeyData !== '') {
    return Buffer.from(signKeyData, 'base64').toString();
  }
  if (signKey === '') {
    return undefined;
  }

  return readFile(signKey, 'utf8');
}

/**
 * Opens the keys that sign ID tokens. Throws ConfigError for a configured key that cannot be used.
 */
export async function openSigningKeys(
  options: OAuthOptions,
  store: SecretStore,
  log: Logger,
): Promise<SigningKeys> {
  const maxAgeMs = options.signingKeyMaxAge;
  const onError = (err: unknown) =>
    log.error({ err }, 'the keys of ID tokens cannot be read or renewed');

  try {
    const pem = await signKey(options);
    const settings: SigningKeyOptions = { maxAgeMs, ...(pem !== undefined && { pem }) };
    return await SigningKeys.open(store, settings, onError);
  } catch (error) {
    if (options.signKey === '' && options.signKeyData === '') {
      throw error;
    }

    throw new ConfigError(
      `authentication.oauthOptions.signKey cannot be used: ${messageOf(error)}`,
    );
  }
}

/** Puts together what the OAuth endpoints work with. */
export function oauthDependencies(options: OAuthOptions, context: OAuthContext): OAuthDependencies {
  const { users, keys, secret, mayLogIn, ...shared } = context;
  const { accessTokenMaxAge, accessTokenInactivityTimeout, clients } = options;
  const directory = new UserDirectory(users);
  const browserAge = accessTokenMaxAge === 0 ? 0 : accessTokenMaxAge + accessTokenInactivityTimeout;

  return {
    ...shared,
    clients: new Clients(clients),
    codes: new AuthorizationCodes(shared.sessions, mayLogIn),
    browsers: new BrowserSessions(shared.sessions, browserAge, mayLogIn),
    forms: new FormTokens(secret),
    keys,
    idTokens: new IdTokens(keys, directory, shared.issuerUrl),
    directory,
  };
}
