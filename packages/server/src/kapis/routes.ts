import type { KubeReader } from '@ks-apiserver/client/kube/client';
import type { Route } from '@ks-apiserver/http/routes/route';
import { buildAs } from '../config/build.ts';
import type { Config } from '../config/config-schema.ts';
import type { Metrics } from '../http/observe/metrics.ts';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import type { Visibility } from '../models/authorization/visible-namespaces.ts';
import type { ClusterSearch } from '../models/clusters/lists/cluster-search.ts';
import type { Gate } from '../models/gate/gate.ts';
import type { Kubeconfigs } from '../models/kubeconfig/kubeconfig.ts';
import type { LiveLists } from '../models/live/live-lists.ts';
import type { PrometheusApi } from '../models/monitoring/prometheus-api/prometheus-api.ts';
import { Outbound } from '../models/outbound/outbound.ts';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import type { Routers } from '../models/router/routers.ts';
import type { Tenants } from '../models/tenant/tenants.ts';
import type { WorkspaceQuotas } from '../models/tenant/workspace-quotas.ts';
import type { Terminals } from '../models/terminal/terminals.ts';
import { type AlertingDependencies, alertingNotification } from './alerting-notification/routes.ts';
import { clusterV1alpha1 } from './cluster.v1alpha1/routes.ts';
import { configV1alpha2 } from './config.v1alpha2/routes.ts';
import { type DevOpsV1alpha2Dependencies, devopsV1alpha2 } from './devops.v1alpha2/routes.ts';
import type { DevOpsV1alpha3Dependencies } from './devops.v1alpha3/dependencies.ts';
import { devopsV1alpha3 } from './devops.v1alpha3/routes.ts';
import { docs } from './docs/routes.ts';
import { health, type Readiness } from './health/routes.ts';
import { type IamDependencies, iamV1alpha2 } from './iam.v1alpha2/routes.ts';
import { laterVersions } from './later-versions/routes.ts';
import { prometheusApi } from './monitoring.prometheus/routes.ts';
import { type MonitoringDependencies, monitoringV1alpha3 } from './monitoring.v1alpha3/routes.ts';
import { networkV1alpha2 } from './network.v1alpha2/routes.ts';
import type { TopologyDependencies } from './network.v1alpha2/topology.ts';
import type { OAuthDependencies } from './oauth/dependencies.ts';
import type { ProviderLoginDependencies } from './oauth/providers/dependencies.ts';
import { providerRoutes } from './oauth/providers/provider-routes.ts';
import { oauth } from './oauth/routes.ts';
import { operationsV1alpha2 } from './operations.v1alpha2/routes.ts';
import { resourcesV1alpha2 } from './resources.v1alpha2/routes.ts';
import { resourcesV1alpha3 } from './resources.v1alpha3/routes.ts';
import {
  type ServiceMeshDependencies,
  servicemeshV1alpha2,
} from './servicemesh.v1alpha2/routes.ts';
import { tenantV1alpha2 } from './tenant.v1alpha2/routes.ts';
import type { SearchDependencies } from './tenant.v1alpha2/search/dependencies.ts';
import { tenantSearches } from './tenant.v1alpha2/search/routes.ts';
import { tenantV1alpha3 } from './tenant.v1alpha2/v1alpha3.ts';
import { terminalV1alpha2 } from './terminal.v1alpha2/routes.ts';
import { version } from './version/routes.ts';

/** Dependencies of the handlers of all groups. */
export interface RouteDependencies {
  config: Config;
  /** Makes the writes of callers. */
  gate: Gate;
  client: KubeReader;
  kubeconfigs: Kubeconfigs;
  routers: Routers;
  catalog: Catalog;
  oauth: OAuthDependencies;
  providerLogin: ProviderLoginDependencies;
  iam: IamDependencies;
  authorizer: Authorizer;
  visibility: Visibility;
  live: LiveLists;
  /** Lists of several clusters; undefined where this server knows no others. */
  clusterSearch: ClusterSearch | undefined;
  tenants: Tenants;
  quotas: WorkspaceQuotas;
  search: SearchDependencies;
  terminals: Terminals;
  devops: DevOpsV1alpha2Dependencies;
  /** DevOps projects and what is in them; undefined without Jenkins. */
  devopsObjects: DevOpsV1alpha3Dependencies | undefined;
  monitoring: MonitoringDependencies;
  prometheus: PrometheusApi;
  serviceMesh: ServiceMeshDependencies;
  upstreams: AlertingDependencies;
  topology: TopologyDependencies;
  metrics: Metrics;
  readiness: Readiness;
  /** Whether the Kubernetes API has nodes that run pods: the embedded one has none. */
  runsContainers: boolean;
}

/** Returns every operation of the server: the tables of all groups one after the other. */
export function routes(dependencies: RouteDependencies): readonly Route[] {
  const {
    config,
    gate,
    client,
    catalog,
    authorizer,
    visibility,
    live,
    tenants,
    quotas,
    terminals,
    metrics,
    readiness,
    runsContainers,
  } = dependencies;

  // Git servers and image registries that users name.
  const outbound = new Outbound(config.verification.allowedCIDRs ?? []);

  return [
    ...oauth(dependencies.oauth),
    ...providerRoutes(dependencies.providerLogin),
    ...configV1alpha2(config, dependencies.providerLogin, dependencies.search.backends),
    ...version(client, buildAs(config.compatibility.version)),
    ...iamV1alpha2(dependencies.iam),
    ...tenantV1alpha2({ gate, client, catalog, tenants, quotas, visibility, live }),
    ...tenantSearches(dependencies.search),
    ...tenantV1alpha3({ gate, client, catalog, tenants, quotas, visibility, live }),
    ...clusterV1alpha1(gate, authorizer, client, config.multicluster),
    ...operationsV1alpha2(gate, client),
    ...resourcesV1alpha2({
      client,
      kubeconfigs: dependencies.kubeconfigs,
      routers: dependencies.routers,
      catalog,
      authorizer,
      runsContainers,
      outbound,
    }),
    ...resourcesV1alpha3({
      catalog,
      authorizer,
      visibility,
      live,
      userList: dependencies.iam.userList,
      client,
      clusters: dependencies.clusterSearch,
      outbound,
    }),
    ...devopsV1alpha2(dependencies.devops),
    ...devopsV1alpha3(dependencies.devopsObjects),
    ...monitoringV1alpha3(dependencies.monitoring),
    ...prometheusApi(dependencies.prometheus),
    ...servicemeshV1alpha2(dependencies.serviceMesh, authorizer),
    ...alertingNotification(dependencies.upstreams),
    ...networkV1alpha2(dependencies.topology),
    ...laterVersions(),
    ...terminalV1alpha2({ client, authorizer, terminals }),
    ...health(readiness, metrics.registry),
    ...docs(),
  ];
}

/**
 * Returns the same routes for documents and tests; their handlers have no dependencies and must not
 * be called.
 */
export function routeTables(): readonly Route[] {
  return routes({
    metrics: {},
    oauth: {},
    providerLogin: {},
    search: {},
    iam: { credentials: {} },
    devops: { jenkins: {}, sonar: {}, binaries: {} },
    devopsObjects: {},
    monitoring: {},
    serviceMesh: {},
    upstreams: { alerting: {}, notification: {} },
    topology: {},
    config: { kubernetes: {}, verification: {}, multicluster: {}, compatibility: {} },
  } as unknown as RouteDependencies);
}
