import { setMaxListeners } from 'node:events';
import { USERS } from '@ks-apiserver/api/resources';
import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionKind } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { Route } from '@ks-apiserver/http/routes/route';
import { routeFinder, router, upgradeRouter } from '@ks-apiserver/http/routes/router';
import type { Logger } from 'pino';
import type { Kubernetes } from '../backend/kubernetes.ts';
import type { Options } from '../config/options.ts';
import { LongCalls } from '../http/long-calls.ts';
import { AccessLog } from '../http/observe/access-log.ts';
import { Metrics } from '../http/observe/metrics.ts';
import { configz } from '../kapis/config.v1alpha2/configs.ts';
import { routes } from '../kapis/routes.ts';
import { Explainer } from '../models/authorization/explain.ts';
import { type ModuleState, NO_POLICY_SERVER } from '../models/authorization/opa/opa.ts';
import { Visibility } from '../models/authorization/visible-namespaces.ts';
import { ClusterSearch } from '../models/clusters/lists/cluster-search.ts';
import { PasswordPolicy } from '../models/iam/passwords/password-policy.ts';
import { Groups } from '../models/iam/roles/groups.ts';
import { Roles } from '../models/iam/roles/roles.ts';
import { CertificateUsers } from '../models/iam/users/certificate-users.ts';
import { retiredNameCheck } from '../models/iam/users/retired-names.ts';
import { UserList } from '../models/iam/users/user-list.ts';
import { Users } from '../models/iam/users/users.ts';
import { LoginStates } from '../models/identity-providers/login-state.ts';
import { Kubeconfigs } from '../models/kubeconfig/kubeconfig.ts';
import { LegacyVersions } from '../models/legacy-versions/legacy-versions.ts';
import { LiveLists } from '../models/live/live-lists.ts';
import { MetricAccess } from '../models/monitoring/prometheus-api/metric-access.ts';
import { PrometheusApi } from '../models/monitoring/prometheus-api/prometheus-api.ts';
import { WeaveScope } from '../models/network/weave-scope.ts';
import { usesHttps } from '../models/oauth/cookies.ts';
import { ReadableScopes } from '../models/observability/readable-scopes.ts';
import { Catalog } from '../models/resources/catalog/catalog.ts';
import { RESOURCES } from '../models/resources/catalog/table.ts';
import { Routers } from '../models/router/routers.ts';
import { QuotaLimits } from '../models/tenant/quota-limits.ts';
import { Tenants } from '../models/tenant/tenants.ts';
import { WORKSPACE_QUOTAS, WorkspaceQuotas } from '../models/tenant/workspace-quotas.ts';
import { Terminals } from '../models/terminal/terminals.ts';
import { openAccess, openAuthorizer, openGate, openPolicyServer } from './access.ts';
import { configOfMember, NO_SEARCH } from './clusters/member-parts.ts';
import { openMembers } from './clusters/members.ts';
import type { ClusterOptions } from './controllers/clusters.ts';
import { configuredMode } from './controllers/federation.ts';
import { type OpenedDevOps, openDevOps } from './devops.ts';
import { oauthDependencies, openSigningKeys } from './oauth.ts';
import { openAuditor } from './observability/auditing.ts';
import { monitoringDependencies, openMetrics } from './observability/monitoring.ts';
import { type OpenedSearch, openSearch } from './observability/search.ts';
import { openServiceMesh } from './observability/service-mesh.ts';
import { KsApiServer } from './server.ts';
import { openIdentityProviders, openSignIn } from './sign-in.ts';
import { staleReasons } from './stale-reasons.ts';
import { openUpstreams } from './upstreams.ts';

/** How long the first lists of users, roles and bindings may take at start, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** Schemas of Kubernetes' own kinds, loaded when one is first asked for. */
async function schemaOf(kind: GroupVersionKind): Promise<Schema | undefined> {
  const { builtinSchema } = await import('@ks-apiserver/kubernetes/schemas/builtin');
  return builtinSchema(kind);
}

/** The running product. */
export interface App {
  server: KsApiServer;
  catalog: Catalog;
  users: Informer;
  routes: readonly Route[];
  revokeSessions: (username: string) => Promise<void>;
  /** Sets the URL by which clients reach the server, when none is configured. */
  reachedAt(url: string): void;
  /** Checks whether a module in an annotation of a role can be evaluated. */
  checkOverride: (module: string) => Promise<ModuleState>;
  /** Quotas of workspaces, and the informer of their objects. */
  quotas: { informer: Informer; limits: QuotaLimits };
  routers: Routers;
  devops: OpenedDevOps;
  /** Clusters with their credentials, and the features of this one; undefined without members. */
  memberClusters: ClusterOptions | undefined;
  /** Where this server keeps logs, events and audit records; undefined if it does not. */
  searchStore: OpenedSearch['store'];
  close(): Promise<void>;
}

/**
 * Creates all parts of the product. Rejects when the Kubernetes API or Redis does not answer in
 * time.
 */
export async function openApp(
  { config, dataDir, registerNode: isNode }: Options,
  kubernetes: Kubernetes,
  log: Logger,
): Promise<App> {
  const { client, transport } = kubernetes;
  const upstreams = openUpstreams(config);
  const providers = await openIdentityProviders(config);
  const { authentication } = config;
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);

  setMaxListeners(0, signal);

  const catalog = new Catalog(client, RESOURCES, { report: (problem) => log.warn(problem) });

  // This informer of users keeps their hashes, which never leave the server.
  const users = new Informer(client, { resource: USERS, kind: 'User', keepObjects: true }).start();
  const claimName = (name: string) => opened.claimName(name);

  const [, keys] = await Promise.all([
    catalog.start(signal),
    openSigningKeys(authentication.oauthOptions, kubernetes.secrets, log),
    users.ready(signal),
  ]);

  const certificateUsers = kubernetes.embedded && new CertificateUsers(users);
  if (certificateUsers) {
    kubernetes.embedded?.admitUsers((user, connection) => certificateUsers.admit(user, connection));
  }

  const metrics = new Metrics();
  const search = await openSearch({ config, kubernetes, catalog, dataDir, log });
  const auditing = openAuditor({ config, client, store: search.store, metrics, log });
  const { auditor } = auditing;

  kubernetes.embedded?.useAuditor(auditor);

  const signIn = await openSignIn(
    { config, kubernetes, catalog, users, claimName, auditor, log, signal },
    providers,
  );

  const { sessions, login, issuer, authenticator, tokens, secret, mayLogIn, links, accounts } =
    signIn;
  const overrides = await openPolicyServer(config.authorization.opa, log);
  const access = openAccess(openAuthorizer({ config, catalog, overrides }), {
    client,
    catalog,
    users,
  });
  const { authorizer, bindings, scopes, members, effects } = access;

  // Not waited for: a cluster of 3.0 has no such kind until it is installed.
  const quotaInformer = new Informer(client, {
    resource: WORKSPACE_QUOTAS,
    kind: 'ResourceQuota',
    keepObjects: true,
  }).start();

  const quotaLimits = new QuotaLimits(catalog, quotaInformer);
  const revokeSessions = (username: string) => sessions.revokeUser(username);
  const passwords = new PasswordPolicy(authentication.passwordPolicy);

  // The embedded API identifies users by their uid.
  const checkNameIsFree = kubernetes.embedded ? async () => {} : retiredNameCheck(client);

  const gateContext = { login, passwords, links, revokeSessions, checkNameIsFree };
  const opened = openGate(access, { ...gateContext, client, quotaLimits });

  const { gate } = opened;
  kubernetes.embedded?.useGate(gate);

  const userModel = new Users({
    gate,
    client,
    users,
    scopes,
    members,
    rights: access.rights,
    login,
  });

  const { apiTokens, totp } = signIn;
  const credentials = { users: userModel, login, apiTokens, totp, revokeSessions };

  // Known once the server listens, unless it is configured.
  let issuerUrl = authentication.oauthOptions.issuer;

  const oauthModel = oauthDependencies(authentication.oauthOptions, {
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

  const recorded = await openMetrics({
    config,
    kubernetes,
    catalog,
    metrics,
    dataDir,
    isNode,
    log,
  });
  const monitoring = monitoringDependencies(recorded.queries, client, catalog);
  const isEmbedded = kubernetes.embedded !== undefined;
  const mesh = openServiceMesh({ config, client, catalog, recorded, isEmbedded });
  const visibility = new Visibility(authorizer, bindings, catalog);
  const metricAccess = new MetricAccess(authorizer, visibility, catalog);
  const routers = new Routers(client, catalog);
  const devops = openDevOps({ config, client, catalog, access, users, gate, dataDir });
  const live = new LiveLists();
  let stopping = false;

  const readiness = () => (stopping ? ['the server is stopping'] : staleReasons(catalog, users));

  const accessLog = new AccessLog(log);
  const onError = (_exchange: unknown, error: StatusError) => accessLog.addFault(error);

  const otherClusters = config.multicluster.enable
    ? await openMembers(
        {
          config,
          client,
          host: { transport, catalog, bindings },
          overrides,
          metrics,
          dataDir,
          log,
          agents: { auditor, addresses: signIn.addresses, secrets: kubernetes.secrets },
          hostParts: {
            config,
            users,
            gate: gateContext,
            credentials,
            providers: { providers },
            authenticator,
            onError,
          },
        },
        signal,
      )
    : undefined;

  const clusterSearch =
    otherClusters &&
    new ClusterSearch({ ...otherClusters, host: { catalog, authorizer, visibility } });

  const table = routes({
    config,
    gate,
    client,
    kubeconfigs: new Kubeconfigs(client, config.kubernetes.master),
    routers,
    catalog,
    oauth: oauthModel,
    providerLogin: {
      providers,
      accounts,
      login,
      issuer,
      states: new LoginStates(secret),
      beginSession: (identity, headers) =>
        oauthModel.browsers.begin(identity, {
          secure: usesHttps(headers, { otherwise: issuerUrl.startsWith('https:') }),
        }),
    },
    iam: {
      gate,
      users: userModel,
      userList: new UserList(catalog, scopes, bindings),
      roles: new Roles(scopes),
      members,
      scopes,
      catalog,
      credentials,
      groups: new Groups({ client, catalog, scopes, users }),
      effects,
      explainer: new Explainer(authorizer, catalog),
      authorizer,
    },
    authorizer,
    visibility,
    live,
    clusterSearch,
    quotas: new WorkspaceQuotas(quotaInformer),
    search: {
      backends: search.backends,
      scopes: new ReadableScopes(authorizer, bindings, visibility, catalog),
    },
    terminals: new Terminals(transport, config.terminal),
    devops: devops.dependencies,
    devopsObjects: devops.objects,
    monitoring,
    prometheus: new PrometheusApi(recorded.queries, metricAccess),
    serviceMesh: mesh.dependencies,
    tenants: new Tenants(catalog, authorizer, bindings),
    upstreams,
    topology: {
      client,
      catalog,
      queries: mesh.queries,
      scope: upstreams.weaveScope && new WeaveScope(upstreams.weaveScope),
    },
    metrics,
    readiness,
    runsContainers: !isEmbedded,
  });

  const server = new KsApiServer(
    {
      auditor,
      authenticator,
      authorizer,
      kubernetes: transport,
      router: router(table, onError),
      upgrade: upgradeRouter(table),
      routeOf: routeFinder(table),
      authenticating: new Set(
        table.filter(({ authenticates }) => authenticates).map(({ path }) => path),
      ),
      webSocketOrigins: authentication.webSocketOrigins,
      gate,
      legacyVersions: config.legacyVersions
        ? new LegacyVersions((resource) => catalog.serves(resource))
        : undefined,
      schemaOf,
      ingest: search.ingest,
      memberClusters: otherClusters?.members,
      memberParts: otherClusters?.partsFor,
      agents: otherClusters?.agents?.door,
      longCalls: new LongCalls(config.watches.maxPerUser, signIn.addresses),
    },
    metrics,
    accessLog,
    signIn.addresses,
  );

  const close = async () => {
    stopping = true;
    await otherClusters?.stop();
    await server.close();
    await upstreams.close();
    await otherClusters?.close();
    await auditing.close();
    await mesh.close();
    await recorded.close();
    await devops.close();
    live.close();
    await search.close();
    await signIn.close();
    overrides?.close();
    keys.close();
    certificateUsers?.close();
    await Promise.all([users.stop(), quotaInformer.stop(), catalog.stop()]);
  };

  const reachedAt = (url: string) => {
    if (issuerUrl === '') {
      issuerUrl = url;
    }
  };

  const checkOverride = async (module: string) =>
    overrides ? overrides.check(module) : NO_POLICY_SERVER;

  return {
    server,
    catalog,
    users,
    routes: table,
    revokeSessions,
    checkOverride,
    reachedAt,
    quotas: { informer: quotaInformer, limits: quotaLimits },
    routers,
    devops,
    memberClusters: otherClusters && {
      ...otherClusters,
      configz: () => configz(config, search.backends),
      featuresOfMembers: () => configz(configOfMember(config), NO_SEARCH),
      federation: {
        mode: configuredMode(config.multicluster),
        hostEndpoint: kubernetes.endpoint,
        transportOf: (cluster) => otherClusters.members.kubernetes(cluster),
      },
    },
    searchStore: search.store,
    close,
  };
}
