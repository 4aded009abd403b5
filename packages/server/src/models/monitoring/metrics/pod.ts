import { PHYSICAL_INTERFACES } from './fragments.ts';
import type { MetricTemplates } from './metric-templates.ts';

const OF_PODS = `* on (namespace, pod) group_left(owner_kind, owner_name) kube_pod_owner{$owners}
    * on (namespace, pod) group_left(node) kube_pod_info{$pods}`;

/** Metrics of pods; `$owners` selects them by their owner, `$pods` by name and place. */
export const POD_METRICS: MetricTemplates = {
  pod_cpu_usage: `
    round(sum by (namespace, pod) (irate(container_cpu_usage_seconds_total{job="kubelet",
    pod!="", image!=""}[5m])) ${OF_PODS}, 0.001)`,
  pod_memory_usage: `
    sum by (namespace, pod) (container_memory_usage_bytes{job="kubelet", pod!="",
    image!=""}) ${OF_PODS}`,
  pod_memory_usage_wo_cache: `
    sum by (namespace, pod) (container_memory_working_set_bytes{job="kubelet", pod!="",
    image!=""}) ${OF_PODS}`,
  pod_net_bytes_transmitted: `
    sum by (namespace, pod) (irate(container_network_transmit_bytes_total{pod!="",
    ${PHYSICAL_INTERFACES}, job="kubelet"}[5m])) ${OF_PODS}`,
  pod_net_bytes_received: `
    sum by (namespace, pod) (irate(container_network_receive_bytes_total{pod!="",
    ${PHYSICAL_INTERFACES}, job="kubelet"}[5m])) ${OF_PODS}`,
};
