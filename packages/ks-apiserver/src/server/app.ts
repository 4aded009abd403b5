import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Route } from '@ks-apiserver/apiserver/routes/route';
import { router } from '@ks-apiserver/apiserver/routes/router';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { Logger } from 'pino';
import { routes } from '../kapis/routes.ts';
import { Authorizer } from '../models/authorization/authorizer.ts';
import { Bindings } from '../models/authorization/bindings.ts';
import { Explainer } from '../models/authorization/explain.ts';
import { HeldRoles } from '../models/authorization/held-roles.ts';
import { type ModuleState, NO_POLICY_SERVER, OpaServer } from '../models/authorization/opa.ts';
import { ApiTokens } from '../models/credentials/api-tokens.ts';
import { CREDENTIAL_LABEL, CREDENTIAL_NAMESPACE, SECRETS } from '../models/credentials/secret.ts';
import { Totp } from '../models/credentials/totp.ts';
import { Authenticator } from '../models/iam/authenticate.ts';
import { Effects } from '../models/iam/effects.ts';
import { GroupRoles } from '../models/iam/group-roles.ts';
import { Groups } from '../models/iam/groups.ts';
import { Login } from '../models/iam/login.ts';
import { LoginRecords } from '../models/iam/login-records.ts';
import { Members } from '../models/iam/members.ts';
import { PasswordPolicy } from '../models/iam/password-policy.ts';
import { ProviderAccounts } from '../models/iam/provider-accounts.ts';
import { ProviderLinks } from '../models/iam/provider-links.ts';
import { ProviderPasswords } from '../models/iam/provider-passwords.ts';
import { Roles } from '../models/iam/roles.ts';
import { Scopes } from '../models/iam/scopes.ts';
import { USERS, type User } from '../models/iam/types.ts';
import { UserList } from '../models/iam/user-list.ts';
import { Users } from '../models/iam/users.ts';
import { WriteChecks } from '../models/iam/write-checks.ts';
import { LoginStates } from '../models/identity-providers/login-state.ts';
import { SettingsError } from '../models/identity-providers/provider.ts';
import { type IdentityProviders, openProviders } from '../models/identity-providers/registry.ts';
import { isSecure } from '../models/oauth/cookies.ts';
import { Catalog } from '../models/resources/catalog.ts';
import { RESOURCES } from '../models/resources/table.ts';
import { TokenIssuer } from '../models/session/issue.ts';
import { KubeSessions } from '../models/session/kube-sessions.ts';
import { SESSION_LABEL, SESSION_NAMESPACE } from '../models/session/session-secret.ts';
import type { SessionStore } from '../models/session/sessions.ts';
import { Tokens } from '../models/session/tokens.ts';
import { WatchProbe } from '../models/session/watch-probe.ts';
import { Tenants } from '../models/tenant/tenants.ts';
import { WORKSPACE_QUOTAS, WorkspaceQuotas } from '../models/tenant/workspace-quotas.ts';
import type { Kubernetes } from './backend.ts';
import { ConfigError } from './config.ts';
import type { Config } from './config-schema.ts';
import { Metrics } from './metrics.ts';
import { oauthParts, openSigningKeys } from './oauth.ts';
import { jwtSecret } from './secrets.ts';
import { KsApiServer } from './server.ts';
import { SourceAddresses } from './source-ip.ts';

/** How long the first lists of users, roles and bindings may take at start, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** The running product: what main starts and stops. */
export interface App {
  server: KsApiServer;
  catalog: Catalog;
  users: Informer;
  routes: readonly Route[];
  revokeSessions: (username: string) => Promise<void>;
  /** Tells by which URL clients reach the server, for who has configured none. */
  reachedAt(url: string): void;
  /** Whether a module in an annotation of a role can be evaluated. */
  checkOverride: (module: string) => Promise<ModuleState>;
  /** Quotas of workspaces, and the copy of their objects. */
  quotas: { informer: Informer; model: WorkspaceQuotas };
  close(): Promise<void>;
}

async function openSessions(config: Config, kubernetes: Kubernetes, signal: AbortSignal): Promise<SessionStore> {
  if (config.redis.host !== '') {
    // Its client is not loaded where nobody needs it.
    const { RedisSessions } = await import('../models/session/redis-sessions.ts');
    return new RedisSessions(config.redis).connect();
  }
  const informer = new Informer(kubernetes.client, {
    resource: SECRETS,
    kind: 'Secret',
    namespace: SESSION_NAMESPACE,
    labelSelector: SESSION_LABEL,
    keepObjects: true,
  }).start();
  await informer.ready(signal);
  const probe = kubernetes.embedded ? undefined : new WatchProbe(kubernetes.client, informer);
  return new KubeSessions(kubernetes.client, informer, probe);
}

async function identityProviders(config: Config): Promise<IdentityProviders> {
  try {
    return await openProviders(config.authentication.oauthOptions.identityProviders);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new ConfigError(`authentication.oauthOptions.identityProviders${error.field}: ${error.message}`);
  }
}

/** The OPA server that evaluates modules of roles; none where none is configured. Throws a ConfigError for a wrong address or CA. */
async function openPolicyServer(
  { endpoint, timeout, caFile }: Config['authorization']['opa'],
  log: Logger,
): Promise<OpaServer | undefined> {
  if (endpoint === '') return undefined;
  try {
    const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8');
    const onError = (err: unknown) => log.warn({ err }, 'the policy server did not answer: a module allows nothing');
    return new OpaServer({ endpoint, timeoutMs: timeout, ca, onError });
  } catch (error) {
    throw new ConfigError(`authorization.opa: ${(error as Error).message}`);
  }
}

/** Puts the parts together. Rejects when the Kubernetes API or Redis does not answer in time. */
export async function openApp(config: Config, kubernetes: Kubernetes, log: Logger): Promise<App> {
  const { client, transport } = kubernetes;
  const providers = await identityProviders(config);
  const { authentication } = config;
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  setMaxListeners(0, signal);
  const catalog = new Catalog(client, RESOURCES);
  // This copy of the users has their hashes and never leaves the server.
  const users = new Informer(client, { resource: USERS, kind: 'User', keepObjects: true }).start();
  const credentials = new Informer(client, {
    resource: SECRETS,
    kind: 'Secret',
    namespace: CREDENTIAL_NAMESPACE,
    labelSelector: CREDENTIAL_LABEL,
    keepObjects: true,
  }).start();
  const [, , , sessions, secret, keys] = await Promise.all([
    catalog.start(signal),
    users.ready(signal),
    credentials.ready(signal),
    openSessions(config, kubernetes, signal),
    jwtSecret(authentication.jwtSecret, kubernetes.secrets),
    openSigningKeys(authentication.oauthOptions, kubernetes.secrets, log),
  ]);

  const lockOut = {
    maxTries: authentication.authenticateRateLimiterMaxTries,
    maxTriesPerSource: authentication.authenticateRateLimiterMaxTriesPerSource,
    durationMs: authentication.authenticateRateLimiterDuration,
  };
  const addresses = new SourceAddresses(authentication.trustedProxies);
  const records = new LoginRecords(
    client,
    lockOut.durationMs,
    (text) => addresses.client(text),
    (err) => log.error({ err }, 'a login record cannot be stored'),
  );
  const storedRecords = catalog.row('loginrecords');
  await storedRecords.ready(signal);
  for (const entry of storedRecords.store.values()) records.count(entry);
  // Failures at other replicas count here too.
  storedRecords.store.onChange(({ type, entry }) => {
    if (type === 'ADDED') records.count(entry);
  });
  const tokens = new Tokens(secret, authentication.maximumClockSkew);
  const apiTokens = new ApiTokens(client, credentials, authentication.apiTokens);
  const totp = new Totp(client, credentials, authentication.totp.issuer);
  const links = new ProviderLinks(users);
  const isEmailTaken = (email: string): boolean => login.find(email) !== undefined;
  const claimName = (name: string) => userModel.claimName(name);
  const accounts = new ProviderAccounts({ client, users, links, isEmailTaken, claimName });
  const providerPasswords = new ProviderPasswords(providers, accounts);
  const login: Login = new Login(client, users, records, lockOut, totp, providerPasswords);
  const { accessTokenMaxAge, accessTokenInactivityTimeout } = authentication.oauthOptions;
  const policy = { accessTokenMaxAge, accessTokenInactivityTimeout, multipleLogin: authentication.multipleLogin };
  const mayLogIn = (name: string, uid: string) => {
    const user = users.store.get(name)?.object as User | undefined;
    return user !== undefined && user.status?.state === 'Active' && (uid === '' || user.metadata.uid === uid);
  };
  const issuer = new TokenIssuer(tokens, sessions, policy, mayLogIn);
  const authenticator = new Authenticator(tokens, sessions, login, users, accessTokenMaxAge > 0, apiTokens);
  const metrics = new Metrics();
  const bindings = new Bindings(catalog);
  const held = new HeldRoles(
    {
      globalRoles: catalog.row('globalroles'),
      workspaceRoles: catalog.row('workspaceroles'),
      roles: catalog.row('roles'),
      clusterRoles: catalog.row('clusterroles'),
      namespaces: catalog.row('namespaces'),
      devopsProjects: catalog.row('devopsprojects'),
    },
    bindings,
  );
  const overrides = await openPolicyServer(config.authorization.opa, log);
  const authorizer = new Authorizer(config.authorization.mode, held, overrides);
  // Not waited for: a cluster of 3.0 has no such kind until it is installed.
  const quotaInformer = new Informer(client, {
    resource: WORKSPACE_QUOTAS,
    kind: 'ResourceQuota',
    keepObjects: true,
  }).start();
  const quotas = new WorkspaceQuotas(client, catalog, quotaInformer);
  const scopes = new Scopes(catalog, bindings);
  const members = new Members(client, scopes, authorizer, users);
  const groupRoles = new GroupRoles(scopes, bindings, authorizer);
  const effects = new Effects(authorizer, bindings, scopes, groupRoles);
  const writes = new WriteChecks(scopes, authorizer, groupRoles);
  const revokeSessions = (username: string) => sessions.revokeUser(username);
  const passwords = new PasswordPolicy(authentication.passwordPolicy);
  const userModel = new Users({ client, scopes, members, authorizer, login, passwords, links, revokeSessions });
  // Known once the server listens, where it is not configured.
  let issuerUrl = authentication.oauthOptions.issuer;
  const oauthModel = oauthParts(authentication.oauthOptions, {
    login,
    issuer,
    authenticator,
    sessions,
    tokens,
    issuerUrl: () => issuerUrl,
    providers: providers.redirects.map(({ name }) => name),
    users,
    keys,
    secret,
    mayLogIn,
  });
  let stopping = false;
  const readiness = () => {
    if (stopping) return ['the server is stopping'];
    return [...catalog.stale()].map(({ resource, reason }) => `${resource}: ${reason}`);
  };
  const table = routes({
    config,
    client,
    catalog,
    oauth: oauthModel,
    providerLogin: {
      providers,
      accounts,
      login,
      issuer,
      states: new LoginStates(secret),
      beginSession: (identity, headers) =>
        oauthModel.browsers.begin(identity, isSecure(headers, issuerUrl.startsWith('https:'))),
    },
    iam: {
      users: userModel,
      userList: new UserList(catalog, scopes, bindings),
      roles: new Roles(client, scopes, authorizer),
      members,
      scopes,
      catalog,
      credentials: { users: userModel, login, apiTokens, totp, revokeSessions },
      groups: new Groups({ client, catalog, scopes, writes, users }),
      effects,
      explainer: new Explainer(authorizer, catalog),
      authorizer,
    },
    authorizer,
    quotas,
    tenants: new Tenants(catalog, authorizer, bindings),
    metrics,
    readiness,
  });
  const onError = (_exchange: unknown, error: Error & { code?: number }) => {
    if (Number(error.code) >= 500 && error.cause) log.error({ err: error.cause }, error.message);
  };
  const server = new KsApiServer(
    {
      authenticator,
      authorizer,
      kubernetes: transport,
      router: router(table, onError),
      authenticating: new Set(table.filter(({ authenticates }) => authenticates).map(({ path }) => path)),
      webSocketOrigins: authentication.webSocketOrigins,
      writes,
      effects,
      scopes,
      quotas,
      users: userModel,
      revokeSessions,
    },
    metrics,
    log,
    addresses,
  );
  const close = async () => {
    stopping = true;
    await server.close();
    await records.flush();
    overrides?.close();
    keys.close();
    await sessions.close();
    await Promise.all([users.stop(), credentials.stop(), quotaInformer.stop(), catalog.stop()]);
  };
  const reachedAt = (url: string) => {
    if (issuerUrl === '') issuerUrl = url;
  };
  const checkOverride = async (module: string) => (overrides ? overrides.check(module) : NO_POLICY_SERVER);
  return {
    server,
    catalog,
    users,
    routes: table,
    revokeSessions,
    checkOverride,
    reachedAt,
    quotas: { informer: quotaInformer, model: quotas },
    close,
  };
}
