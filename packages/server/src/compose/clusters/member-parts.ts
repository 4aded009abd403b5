import { Informer } from '@ks-apiserver/client/informer/informer';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Route } from '@ks-apiserver/http/routes/route';
import { routeFinder, router, upgradeRouter } from '@ks-apiserver/http/routes/router';
import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import { buildAs } from '../../config/build.ts';
import type { Config } from '../../config/config-schema.ts';
import type { MemberParts } from '../../http/chain-dependencies.ts';
import { Connections } from '../../http/connections.ts';
import { configV1alpha2 } from '../../kapis/config.v1alpha2/routes.ts';
import type { CredentialHandlersDependencies } from '../../kapis/iam.v1alpha2/credentials.ts';
import { iamV1alpha2 } from '../../kapis/iam.v1alpha2/routes.ts';
import { laterVersions } from '../../kapis/later-versions/routes.ts';
import { prometheusApi } from '../../kapis/monitoring.prometheus/routes.ts';
import { monitoringV1alpha3 } from '../../kapis/monitoring.v1alpha3/routes.ts';
import { operationsV1alpha2 } from '../../kapis/operations.v1alpha2/routes.ts';
import { resourcesV1alpha2 } from '../../kapis/resources.v1alpha2/routes.ts';
import { resourcesV1alpha3 } from '../../kapis/resources.v1alpha3/routes.ts';
import { tenantV1alpha2 } from '../../kapis/tenant.v1alpha2/routes.ts';
import { tenantV1alpha3 } from '../../kapis/tenant.v1alpha2/v1alpha3.ts';
import { terminalV1alpha2 } from '../../kapis/terminal.v1alpha2/routes.ts';
import { version } from '../../kapis/version/routes.ts';
import { Explainer } from '../../models/authorization/explain.ts';
import { isOfHost } from '../../models/clusters/host-groups.ts';
import type { MemberScope } from '../../models/clusters/member-scopes.ts';
import type { Authenticator } from '../../models/iam/login/authenticate.ts';
import { Groups } from '../../models/iam/roles/groups.ts';
import { Roles } from '../../models/iam/roles/roles.ts';
import { UserList } from '../../models/iam/users/user-list.ts';
import { Users } from '../../models/iam/users/users.ts';
import { Kubeconfigs } from '../../models/kubeconfig/kubeconfig.ts';
import { LegacyVersions } from '../../models/legacy-versions/legacy-versions.ts';
import { LiveLists } from '../../models/live/live-lists.ts';
import { MetricAccess } from '../../models/monitoring/prometheus-api/metric-access.ts';
import { PrometheusApi } from '../../models/monitoring/prometheus-api/prometheus-api.ts';
import { Outbound } from '../../models/outbound/outbound.ts';
import { Routers } from '../../models/router/routers.ts';
import { QuotaLimits } from '../../models/tenant/quota-limits.ts';
import { Tenants } from '../../models/tenant/tenants.ts';
import { WORKSPACE_QUOTAS, WorkspaceQuotas } from '../../models/tenant/workspace-quotas.ts';
import { Terminals } from '../../models/terminal/terminals.ts';
import { type GateContext, openAccess, openGate } from '../access.ts';
import { monitoringDependencies } from '../observability/monitoring.ts';

/** What the host lends to the members for which it answers. */
export interface HostParts {
  config: Config;
  users: Informer;
  gate: Omit<GateContext, 'client' | 'quotaLimits'>;
  credentials: CredentialHandlersDependencies;
  providers: Parameters<typeof configV1alpha2>[1];
  authenticator: Authenticator;
  onError: Parameters<typeof router>[1];
}

/** Logs, events and audit records of members are not collected here. */
export const NO_SEARCH = { logs: undefined, events: undefined, auditing: undefined };

/** Returns the configuration of a member: without the systems that the host has for itself alone. */
export function configOfMember(config: Config): Config {
  const { alerting, devops, multicluster, notification, s3, servicemesh, sonarqube } = config;

  return {
    ...config,
    alerting: { ...alerting, endpoint: '' },
    devops: { ...devops, host: '' },
    multicluster: { ...multicluster, enable: false },
    notification: { ...notification, endpoint: '' },
    s3: { ...s3, endpoint: '' },
    servicemesh: {
      ...servicemesh,
      istioPilotHost: '',
      jaegerQueryHost: '',
      servicemeshPrometheusHost: '',
    },
    sonarqube: { ...sonarqube, host: '' },
  };
}

/** Whether a route is about the member itself, and not about what the host keeps. */
function isOfMember({ method, path }: Route): boolean {
  return !isOfHost(parseRequestInfo(method, path));
}

/** Creates what answers calls about a member that has only Kubernetes, until its scope ends. */
export function openMemberParts(
  scope: MemberScope,
  queries: MetricQueries,
  host: HostParts,
): MemberParts {
  const { client, transport, catalog, authorizer, bindings, visibility, held, ended } = scope;
  const { users, authenticator } = host;
  const config = configOfMember(host.config);
  const access = openAccess({ bindings, held, authorizer }, { client, catalog, users });
  const { scopes, members, effects, rights } = access;

  // Workspaces have no quotas in a member without KubeSphere: this informer stays empty.
  const quotas = new Informer(client, { resource: WORKSPACE_QUOTAS, kind: 'ResourceQuota' });
  const quotaLimits = new QuotaLimits(catalog, quotas);
  const { gate } = openGate(access, { ...host.gate, client, quotaLimits });
  const live = new LiveLists();
  const outbound = new Outbound(config.verification.allowedCIDRs ?? []);
  const userList = new UserList(catalog, scopes, bindings);
  const { login } = host.gate;
  const tenantParts = { gate, client, catalog, visibility, live };

  const tenant = {
    ...tenantParts,
    tenants: new Tenants(catalog, authorizer, bindings),
    quotas: new WorkspaceQuotas(quotas),
  };

  const routes = [
    ...configV1alpha2(config, host.providers, NO_SEARCH),
    ...version(client, buildAs(config.compatibility.version)),
    ...iamV1alpha2({
      gate,
      users: new Users({ gate, client, users, scopes, members, rights, login }),
      userList,
      roles: new Roles(scopes),
      members,
      scopes,
      catalog,
      credentials: host.credentials,
      groups: new Groups({ client, catalog, scopes, users }),
      effects,
      explainer: new Explainer(authorizer, catalog),
      authorizer,
    }),
    ...tenantV1alpha2(tenant),
    ...tenantV1alpha3(tenant),
    ...operationsV1alpha2(gate, client),
    ...resourcesV1alpha2({
      client,
      kubeconfigs: new Kubeconfigs(client, config.kubernetes.master),
      routers: new Routers(client, catalog),
      catalog,
      authorizer,
      runsContainers: true,
      outbound,
    }),
    ...resourcesV1alpha3({
      catalog,
      authorizer,
      visibility,
      live,
      userList,
      client,
      // A member is asked about itself; the host knows the others.
      clusters: undefined,
      outbound,
    }),
    ...monitoringV1alpha3(monitoringDependencies(queries, client, catalog)),
    ...prometheusApi(new PrometheusApi(queries, new MetricAccess(authorizer, visibility, catalog))),
    ...laterVersions(),
    ...terminalV1alpha2({
      client,
      authorizer,
      terminals: new Terminals(transport, config.terminal),
    }),
  ].filter(isOfMember);

  const connections = new Connections(authenticator, authorizer);

  const close = () => {
    connections.close();
    live.close();
  };

  ended.addEventListener('abort', close, { once: true });

  return {
    kubernetes: transport,
    gate,
    authorizer,
    router: router(routes, host.onError),
    upgrade: upgradeRouter(routes),
    routeOf: routeFinder(routes),
    connections,
    legacyVersions: config.legacyVersions
      ? new LegacyVersions((resource) => catalog.serves(resource))
      : undefined,
  };
}
