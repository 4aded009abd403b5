import type { TargetOptions } from '../../ingest/target.ts';
import { type Labels, labelValue, NAME_LABEL } from '../../labels/labels.ts';

/** What is kept of a kubelet's page about containers. */
const METRICS: ReadonlySet<string> = new Set([
  'container_cpu_usage_seconds_total',
  'container_cpu_cfs_periods_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_memory_usage_bytes',
  'container_memory_working_set_bytes',
  'container_memory_cache',
  'container_memory_rss',
  'container_network_receive_bytes_total',
  'container_network_transmit_bytes_total',
]);

const NETWORK = 'container_network_';

/** Whether a series is one of a container, or of a pod's network; others are of control groups. */
function isOfPod(labels: Labels): boolean {
  const isNetwork = labelValue(labels, NAME_LABEL).startsWith(NETWORK);

  return labelValue(labels, 'pod') !== '' && (isNetwork || labelValue(labels, 'container') !== '');
}

/** Returns how a kubelet's page about containers is read. */
export function cadvisorOptions(node: string): TargetOptions {
  return {
    labels: { job: 'kubelet', instance: node, node, metrics_path: '/metrics/cadvisor' },
    wants: (metric) => METRICS.has(metric),
    keeps: isOfPod,
    ownLabels: 'keep',
  };
}

/**
 * Returns how a kubelet's short page about resources is read, where there is no longer one. It does
 * not name images, which the queries ask for.
 */
export function resourceOptions(node: string): TargetOptions {
  return {
    labels: {
      job: 'kubelet',
      instance: node,
      node,
      metrics_path: '/metrics/resource',
      image: 'unknown',
    },
    wants: (metric) => METRICS.has(metric),
    keeps: isOfPod,
    ownLabels: 'keep',
  };
}
