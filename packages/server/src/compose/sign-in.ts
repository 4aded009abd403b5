import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SECRETS } from '@ks-apiserver/api/resources';
import { findUser } from '@ks-apiserver/api/user';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { Logger } from 'pino';
import type { Kubernetes } from '../backend/kubernetes.ts';
import { jwtSecret } from '../backend/secrets.ts';
import { ConfigError } from '../config/config.ts';
import type { Config } from '../config/config-schema.ts';
import { SourceAddresses } from '../http/source-ip.ts';
import type { Auditor } from '../models/auditing/auditor.ts';
import { ApiTokens } from '../models/credentials/api-tokens.ts';
import { CREDENTIAL_LABEL, CREDENTIAL_NAMESPACE } from '../models/credentials/secret.ts';
import { Totp } from '../models/credentials/totp.ts';
import { Authenticator } from '../models/iam/login/authenticate.ts';
import { Login } from '../models/iam/login/login.ts';
import { LoginRecords } from '../models/iam/login/login-records.ts';
import { ProviderAccounts } from '../models/iam/providers/provider-accounts.ts';
import { ProviderPasswords } from '../models/iam/providers/provider-passwords.ts';
import { ProviderLinks } from '../models/iam/users/provider-links.ts';
import { SettingsError } from '../models/identity-providers/provider.ts';
import { type IdentityProviders, openProviders } from '../models/identity-providers/registry.ts';
import { UserDirectory } from '../models/oauth/user-claims.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import { TokenIssuer } from '../models/session/issue.ts';
import { KubeSessions } from '../models/session/kube-sessions.ts';
import { SESSION_LABEL } from '../models/session/session-secret.ts';
import type { SessionStore } from '../models/session/sessions.ts';
import { Tokens } from '../models/session/tokens.ts';
import { WatchProbe } from '../models/session/watch-probe.ts';

/** What proving who one is stands on. */
export interface SignInContext {
  config: Config;
  kubernetes: Kubernetes;
  catalog: Catalog;
  /** Informer of users that keeps their hashes. */
  users: Informer;
  /** Checks that a new user inherits nothing from an earlier user of the same name. */
  claimName: (name: string) => Promise<void>;
  auditor: Auditor;
  log: Logger;
  signal: AbortSignal;
}

/** Returns an informer of the Secrets in the server's namespace that carry a label. */
function labelled(kubernetes: Kubernetes, namespace: string, labelSelector: string): Informer {
  const options = {
    resource: SECRETS,
    kind: 'Secret',
    namespace,
    labelSelector,
    keepObjects: true,
  };

  return new Informer(kubernetes.client, options).start();
}

async function openSessions(
  config: Config,
  kubernetes: Kubernetes,
  signal: AbortSignal,
): Promise<SessionStore> {
  if (config.redis.host !== '') {
    // The Redis client is loaded only when it is used.
    const { RedisSessions } = await import('../models/session/redis-sessions.ts');
    return new RedisSessions(config.redis).connect();
  }

  const informer = labelled(kubernetes, SYSTEM_NAMESPACE, SESSION_LABEL);
  await informer.ready(signal);

  const probe = kubernetes.embedded ? undefined : new WatchProbe(kubernetes.client, informer);

  return new KubeSessions(kubernetes.client, informer, probe);
}

/**
 * Creates the identity providers without contacting them. Throws a ConfigError that names the field
 * for wrong settings.
 */
export async function openIdentityProviders(config: Config): Promise<IdentityProviders> {
  try {
    return await openProviders(config.authentication.oauthOptions.identityProviders);
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }

    throw new ConfigError(
      `authentication.oauthOptions.identityProviders${error.field}: ${error.message}`,
    );
  }
}

/**
 * Creates the log-in records, which continue the count of failures from the stored ones, also those
 * of other replicas.
 */
async function openRecords(
  { config, kubernetes, catalog, auditor, log, signal }: SignInContext,
  addresses: SourceAddresses,
) {
  const records = new LoginRecords({
    client: kubernetes.client,
    windowMs: config.authentication.authenticateRateLimiterDuration,
    clientOf: (text) => addresses.client(text),
    onAttempt: (attempt) => auditor.login(attempt),
    onError: (err) => log.error({ err }, 'a login record cannot be stored'),
  });

  const stored = catalog.informerOf('loginrecords');
  await stored.ready(signal);

  for (const entry of stored.store.values()) {
    records.count(entry);
  }

  stored.store.onChange(({ type, entry }) => {
    if (type === 'ADDED') {
      records.count(entry);
    }
  });

  return records;
}

/**
 * Creates passwords, identity providers, tokens and sessions. Rejects when Redis or the Kubernetes
 * API does not answer in time.
 */
export async function openSignIn(context: SignInContext, providers: IdentityProviders) {
  const { config, kubernetes, users, claimName, signal } = context;
  const { client } = kubernetes;
  const { authentication } = config;
  const addresses = new SourceAddresses(authentication.trustedProxies);
  const credentials = labelled(kubernetes, CREDENTIAL_NAMESPACE, CREDENTIAL_LABEL);

  const [sessions, secret, records] = await Promise.all([
    openSessions(config, kubernetes, signal),
    jwtSecret(authentication.jwtSecret, kubernetes.secrets),
    openRecords(context, addresses),
    credentials.ready(signal),
  ]);

  const tokens = new Tokens(secret, authentication.maximumClockSkew);
  const apiTokens = new ApiTokens(client, credentials, authentication.apiTokens);
  const totp = new Totp(client, credentials, authentication.totp.issuer);
  const links = new ProviderLinks(users);
  const isEmailTaken = (email: string): boolean => login.find(email) !== undefined;
  const accounts = new ProviderAccounts({ client, users, links, isEmailTaken, claimName });

  const lockOut = {
    maxTries: authentication.authenticateRateLimiterMaxTries,
    maxTriesPerSource: authentication.authenticateRateLimiterMaxTriesPerSource,
    durationMs: authentication.authenticateRateLimiterDuration,
  };

  const passwords = new ProviderPasswords(providers, accounts);
  const login: Login = new Login({ client, users, records, totp, providers: passwords }, lockOut);

  const mayLogIn = (name: string, uid: string) => {
    const user = findUser(users, name);
    return (
      user !== undefined &&
      user.status?.state === 'Active' &&
      (uid === '' || user.metadata.uid === uid)
    );
  };

  const { accessTokenMaxAge, accessTokenInactivityTimeout, sessionMaxAge } =
    authentication.oauthOptions;
  const { multipleLogin } = authentication;
  const policy = { accessTokenMaxAge, accessTokenInactivityTimeout, sessionMaxAge, multipleLogin };
  const directory = new UserDirectory(users);
  const describe = (name: string, scope: string | undefined) => directory.extra(name, scope);
  const issuer = new TokenIssuer({ tokens, sessions, mayLogIn, describe }, policy);

  const authenticator = new Authenticator({
    tokens,
    sessions,
    login,
    users,
    apiTokens,
    tracksSessions: accessTokenMaxAge > 0,
    isMember: config.multicluster.clusterRole === 'member',
  });

  const close = async () => {
    await records.flush();
    await sessions.close();
    await credentials.stop();
  };

  return {
    addresses,
    sessions,
    secret,
    tokens,
    apiTokens,
    totp,
    links,
    accounts,
    login,
    mayLogIn,
    issuer,
    authenticator,
    close,
  };
}
