import type { Pages } from './pages.ts';

const TENANT = '/kapis/tenant.kubesphere.io/v1alpha2';
const MONITORING = '/kapis/monitoring.kubesphere.io/v1alpha3';

/** Writes the query of a chart: names of metrics as the console sends them. */
const named = (...metrics: readonly string[]) =>
  `metrics_filter=${encodeURIComponent(`${metrics.join('|')}$`)}`;

/** Writes the times of a chart of the last hours; `times` is for the console alone. */
function lastHours(hours: number, stepSeconds: number): string {
  const end = Math.floor(Date.now() / 1000);
  const start = end - hours * 3600;

  return `start=${start}&end=${end}&step=${stepSeconds}s&times=${(hours * 3600) / stepSeconds}`;
}

const ranked = (metric: string, limit: number) =>
  `type=rank&page=1&limit=${limit}&sort_type=desc&sort_metric=${metric}`;

/** Charts of the cluster's pages. */
export const clusterCharts = (): Pages => ({
  'charts: workbench': [
    `GET ${MONITORING}/kubesphere?${lastHours(1, 600)}&${named('kubesphere_workspace_count', 'kubesphere_user_count')}`,
  ],
  'charts: cluster': [
    `GET ${MONITORING}/cluster?${named('cluster_cpu_usage', 'cluster_cpu_total', 'cluster_memory_total', 'cluster_pod_running_count')}`,
    `GET ${MONITORING}/components/apiserver?${named('apiserver_request_latencies', 'apiserver_request_rate')}`,
    `GET ${MONITORING}/components/scheduler?${named('scheduler_schedule_attempts')}`,
    `GET ${MONITORING}/nodes?${named('node_cpu_utilisation', 'node_memory_utilisation')}&${ranked('node_cpu_utilisation', 5)}`,
    `GET ${MONITORING}/cluster?${lastHours(8, 300)}&${named('cluster_cpu_utilisation', 'cluster_memory_utilisation')}`,
    `GET ${MONITORING}/namespaces?${named('namespace_cpu_usage', 'namespace_pod_count')}&${ranked('namespace_cpu_usage', 10)}`,
  ],
  'charts: nodes': [
    `GET ${MONITORING}/nodes?${named('node_cpu_usage', 'node_pod_quota')}&resources_filter=simulated-1%7Csimulated-2%24`,
    `GET ${MONITORING}/nodes/simulated-1?${lastHours(1, 60)}&${named('node_load1', 'node_cpu_utilisation')}`,
    `GET ${MONITORING}/nodes/simulated-1/pods?${ranked('pod_cpu_usage', 10)}`,
  ],
});

/** Charts of a workspace's pages. */
export const workspaceCharts = (workspace: string): Pages => ({
  'charts: workspace': [
    `GET ${MONITORING}/workspaces/${workspace}?type=statistics`,
    `GET ${MONITORING}/workspaces/${workspace}?workspace=${workspace}&${lastHours(24, 3600)}&${named('workspace_cpu_usage', 'workspace_pod_running_count')}`,
    `GET ${MONITORING}/workspaces/${workspace}/namespaces?${named('namespace_cpu_usage')}&resources_filter=x%24`,
  ],
});

/** Charts of a project's pages. */
export const projectCharts = (project: string): Pages => ({
  'charts: project': [
    `GET ${MONITORING}/namespaces/${project}?namespace=${project}&${lastHours(12, 4320)}&${named('namespace_pod_count', 'namespace_service_count')}`,
    `GET ${MONITORING}/namespaces/${project}/workloads?${named('workload_cpu_usage', 'replica')}&${ranked('workload_cpu_usage', 10)}`,
    `GET ${MONITORING}/namespaces/${project}/pods?${lastHours(1, 60)}&${named('pod_cpu_usage')}&resources_filter=web-1%24`,
    `GET ${MONITORING}/namespaces/${project}/workloads/deployment/web/pods?sort_metric=pod_cpu_usage&limit=5&page=1`,
  ],
  'custom monitoring': [
    `GET /apis/monitoring.kubesphere.io/v1alpha1/namespaces/${project}/dashboards?limit=10`,
    `WS /apis/monitoring.kubesphere.io/v1alpha1/watch/namespaces/${project}/dashboards`,
    `GET ${MONITORING}/namespaces/${project}/targets/metadata`,
    `GET ${MONITORING}/namespaces/${project}/targets/query?expr=kube_pod_info&${lastHours(1, 60)}`,
  ],
});

/** Searches of the toolbox. */
export const searches = (): Pages => ({
  'search: logs': [
    `GET ${TENANT}/logs?operation=statistics`,
    `GET ${TENANT}/logs?operation=query&log_query=error&from=0&size=50&sort=desc`,
    `GET ${TENANT}/logs?operation=histogram&interval=15m`,
  ],
  'search: events': [
    `GET ${TENANT}/events?operation=query&type_filter=Warning&from=0&size=50&sort=desc`,
    `GET ${TENANT}/events?operation=histogram&interval=15m`,
    `GET ${TENANT}/events?operation=statistics`,
  ],
  'search: audit records': [
    `GET ${TENANT}/auditing/events?operation=query&verb_filter=create&from=0&size=50&sort=desc`,
    `GET ${TENANT}/auditing/events?operation=histogram&interval=15m`,
    `GET ${TENANT}/auditing/events?operation=statistics`,
  ],
});
