import { PHYSICAL_INTERFACES } from './fragments.ts';
import type { MetricTemplates } from './metric-templates.ts';

/** Zero where the left side has no series. */
const OR_ZERO = 'or on(namespace) max by(namespace) (kube_namespace_labels{$namespaces} * 0)';

const OF_NAMESPACES = '* on (namespace) group_left(workspace) kube_namespace_labels{$namespaces}';

/** Metrics of namespaces; `$namespaces` selects them. */
export const NAMESPACE_METRICS: MetricTemplates = {
  namespace_cpu_usage: `
    round(namespace:container_cpu_usage_seconds_total:sum_rate{namespace!="",
    $namespaces}, 0.001)`,
  namespace_memory_usage: 'namespace:container_memory_usage_bytes:sum{namespace!="", $namespaces}',
  namespace_memory_usage_wo_cache:
    'namespace:container_memory_usage_bytes_wo_cache:sum{namespace!="", $namespaces}',
  namespace_net_bytes_transmitted: `
    sum by (namespace) (irate(container_network_transmit_bytes_total{namespace!="",
    pod!="", ${PHYSICAL_INTERFACES}, job="kubelet"}[5m]) ${OF_NAMESPACES}) ${OR_ZERO}`,
  namespace_net_bytes_received: `
    sum by (namespace) (irate(container_network_receive_bytes_total{namespace!="",
    pod!="", ${PHYSICAL_INTERFACES}, job="kubelet"}[5m]) ${OF_NAMESPACES}) ${OR_ZERO}`,
  namespace_pod_count: `
    sum by (namespace) (kube_pod_status_phase{phase!~"Failed|Succeeded", namespace!=""}
    ${OF_NAMESPACES}) ${OR_ZERO}`,
  namespace_pod_running_count: `
    sum by (namespace) (kube_pod_status_phase{phase="Running", namespace!=""}
    ${OF_NAMESPACES}) ${OR_ZERO}`,
  namespace_pod_succeeded_count: `
    sum by (namespace) (kube_pod_status_phase{phase="Succeeded", namespace!=""}
    ${OF_NAMESPACES}) ${OR_ZERO}`,
  namespace_pod_abnormal_count: 'namespace:pod_abnormal:count{namespace!="", $namespaces}',
  namespace_pod_abnormal_ratio: 'namespace:pod_abnormal:ratio{namespace!="", $namespaces}',
  namespace_memory_limit_hard: `
    min by (namespace) (kube_resourcequota{resourcequota!="quota", type="hard",
    namespace!="", resource="limits.memory"} ${OF_NAMESPACES})`,
  namespace_cpu_limit_hard: `
    min by (namespace) (kube_resourcequota{resourcequota!="quota", type="hard",
    namespace!="", resource="limits.cpu"} ${OF_NAMESPACES})`,
  namespace_pod_count_hard: `
    min by (namespace) (kube_resourcequota{resourcequota!="quota", type="hard",
    namespace!="", resource="count/pods"} ${OF_NAMESPACES})`,
  namespace_cronjob_count: `sum by (namespace) (kube_cronjob_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_pvc_count: `sum by (namespace) (kube_persistentvolumeclaim_info{namespace!=""} ${OF_NAMESPACES})`,
  namespace_daemonset_count: `sum by (namespace) (kube_daemonset_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_deployment_count: `sum by (namespace) (kube_deployment_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_endpoint_count: `sum by (namespace) (kube_endpoint_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_hpa_count: `sum by (namespace) (kube_hpa_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_job_count: `sum by (namespace) (kube_job_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_statefulset_count: `sum by (namespace) (kube_statefulset_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_replicaset_count: `count by (namespace) (kube_replicaset_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_service_count: `sum by (namespace) (kube_service_info{namespace!=""} ${OF_NAMESPACES})`,
  namespace_secret_count: `sum by (namespace) (kube_secret_info{namespace!=""} ${OF_NAMESPACES})`,
  namespace_configmap_count: `sum by (namespace) (kube_configmap_info{namespace!=""} ${OF_NAMESPACES})`,
  namespace_ingresses_extensions_count: `sum by (namespace) (kube_ingress_labels{namespace!=""} ${OF_NAMESPACES})`,
  namespace_s2ibuilder_count: `sum by (namespace) (s2i_s2ibuilder_created{namespace!=""} ${OF_NAMESPACES})`,
};
