import type { MetricTemplates } from './metric-templates.ts';

/** Metrics of containers; `$containers` selects them. */
export const CONTAINER_METRICS: MetricTemplates = {
  container_cpu_usage: `
    round(sum by (namespace, pod, container)
    (irate(container_cpu_usage_seconds_total{job="kubelet", container!="POD",
    container!="", image!="", $containers}[5m])), 0.001)`,
  container_memory_usage: `
    sum by (namespace, pod, container) (container_memory_usage_bytes{job="kubelet",
    container!="POD", container!="", image!="", $containers})`,
  container_memory_usage_wo_cache: `
    sum by (namespace, pod, container) (container_memory_working_set_bytes{job="kubelet",
    container!="POD", container!="", image!="", $containers})`,
};
