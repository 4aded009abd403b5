import { ABNORMAL_PODS, PHYSICAL_INTERFACES } from './fragments.ts';
import type { MetricTemplates } from './metric-templates.ts';

/** Zero where the left side has no series. */
const OR_ZERO = 'or on(workspace) max by(workspace) (kube_namespace_labels{$workspaces} * 0)';

const OF_WORKSPACES = '* on (namespace) group_left(workspace) kube_namespace_labels{$workspaces}';

/** Metrics of workspaces; `$workspaces` selects them. */
export const WORKSPACE_METRICS: MetricTemplates = {
  workspace_cpu_usage: `
    round(sum by (workspace)
    (namespace:container_cpu_usage_seconds_total:sum_rate{namespace!="", $workspaces}),
    0.001)`,
  workspace_memory_usage: `
    sum by (workspace) (namespace:container_memory_usage_bytes:sum{namespace!="",
    $workspaces})`,
  workspace_memory_usage_wo_cache: `
    sum by (workspace) (namespace:container_memory_usage_bytes_wo_cache:sum{namespace!="",
    $workspaces})`,
  workspace_net_bytes_transmitted: `
    sum by (workspace) (sum by (namespace)
    (irate(container_network_transmit_bytes_total{namespace!="", pod!="",
    ${PHYSICAL_INTERFACES}, job="kubelet"}[5m])) ${OF_WORKSPACES}) ${OR_ZERO}`,
  workspace_net_bytes_received: `
    sum by (workspace) (sum by (namespace)
    (irate(container_network_receive_bytes_total{namespace!="", pod!="",
    ${PHYSICAL_INTERFACES}, job="kubelet"}[5m])) ${OF_WORKSPACES}) ${OR_ZERO}`,
  workspace_pod_count: `
    sum by (workspace) (kube_pod_status_phase{phase!~"Failed|Succeeded", namespace!=""}
    ${OF_WORKSPACES}) ${OR_ZERO}`,
  workspace_pod_running_count: `
    sum by (workspace) (kube_pod_status_phase{phase="Running", namespace!=""}
    ${OF_WORKSPACES}) ${OR_ZERO}`,
  workspace_pod_succeeded_count: `
    sum by (workspace) (kube_pod_status_phase{phase="Succeeded", namespace!=""}
    ${OF_WORKSPACES}) ${OR_ZERO}`,
  workspace_pod_abnormal_count: `count by (workspace) (${ABNORMAL_PODS} ${OF_WORKSPACES})`,
  workspace_ingresses_extensions_count: `sum by (workspace) (kube_ingress_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_cronjob_count: `sum by (workspace) (kube_cronjob_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_pvc_count: `sum by (workspace) (kube_persistentvolumeclaim_info{namespace!=""} ${OF_WORKSPACES})`,
  workspace_daemonset_count: `sum by (workspace) (kube_daemonset_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_deployment_count: `sum by (workspace) (kube_deployment_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_endpoint_count: `sum by (workspace) (kube_endpoint_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_hpa_count: `sum by (workspace) (kube_hpa_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_job_count: `sum by (workspace) (kube_job_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_statefulset_count: `sum by (workspace) (kube_statefulset_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_replicaset_count: `count by (workspace) (kube_replicaset_labels{namespace!=""} ${OF_WORKSPACES})`,
  workspace_service_count: `sum by (workspace) (kube_service_info{namespace!=""} ${OF_WORKSPACES})`,
  workspace_secret_count: `sum by (workspace) (kube_secret_info{namespace!=""} ${OF_WORKSPACES})`,
  workspace_pod_abnormal_ratio: `
    count by (workspace) (${ABNORMAL_PODS} ${OF_WORKSPACES}) / sum by (workspace)
    (kube_pod_status_phase{phase!="Succeeded", namespace!=""} ${OF_WORKSPACES})`,
};
