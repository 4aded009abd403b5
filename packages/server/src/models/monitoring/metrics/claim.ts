import type { MetricTemplates } from './metric-templates.ts';

const OF_CLAIMS = `* on (namespace, persistentvolumeclaim) group_left (storageclass)
    kube_persistentvolumeclaim_info{$claims}`;

/** Metrics of persistent volume claims; `$claims` selects them. */
export const CLAIM_METRICS: MetricTemplates = {
  pvc_inodes_available: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes_free)
    ${OF_CLAIMS}`,
  pvc_inodes_used: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes_used)
    ${OF_CLAIMS}`,
  pvc_inodes_total: `max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes) ${OF_CLAIMS}`,
  pvc_inodes_utilisation: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes_used /
    kubelet_volume_stats_inodes) ${OF_CLAIMS}`,
  pvc_bytes_available: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes)
    ${OF_CLAIMS}`,
  pvc_bytes_used: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes)
    ${OF_CLAIMS}`,
  pvc_bytes_total: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes)
    ${OF_CLAIMS}`,
  pvc_bytes_utilisation: `
    max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes /
    kubelet_volume_stats_capacity_bytes) ${OF_CLAIMS}`,
};
