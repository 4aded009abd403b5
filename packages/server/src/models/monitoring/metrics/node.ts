import { EXCEPT_OFFLINE_NODES, PHYSICAL_DISKS } from './fragments.ts';
import type { MetricTemplates } from './metric-templates.ts';

/** Metrics of nodes; `$nodes` selects them. */
export const NODE_METRICS: MetricTemplates = {
  node_cpu_utilisation: 'node:node_cpu_utilisation:avg1m{$nodes}',
  node_cpu_total: 'node:node_num_cpu:sum{$nodes}',
  node_cpu_usage:
    'round(node:node_cpu_utilisation:avg1m{$nodes} * node:node_num_cpu:sum{$nodes}, 0.001)',
  node_memory_utilisation: 'node:node_memory_utilisation:{$nodes}',
  node_memory_usage_wo_cache: `
    node:node_memory_bytes_total:sum{$nodes} -
    node:node_memory_bytes_available:sum{$nodes}`,
  node_memory_available: 'node:node_memory_bytes_available:sum{$nodes}',
  node_memory_total: 'node:node_memory_bytes_total:sum{$nodes}',
  node_net_utilisation: 'node:node_net_utilisation:sum_irate{$nodes}',
  node_net_bytes_transmitted: 'node:node_net_bytes_transmitted:sum_irate{$nodes}',
  node_net_bytes_received: 'node:node_net_bytes_received:sum_irate{$nodes}',
  node_disk_read_iops: 'node:data_volume_iops_reads:sum{$nodes}',
  node_disk_write_iops: 'node:data_volume_iops_writes:sum{$nodes}',
  node_disk_read_throughput: 'node:data_volume_throughput_bytes_read:sum{$nodes}',
  node_disk_write_throughput: 'node:data_volume_throughput_bytes_written:sum{$nodes}',
  node_disk_size_capacity: `
    sum(max(node_filesystem_size_bytes{${PHYSICAL_DISKS}} * on (namespace, pod)
    group_left(node) node_namespace_pod:kube_pod_info:{$nodes}) by (device, node)) by
    (node)`,
  node_disk_size_available: 'node:disk_space_available:{$nodes}',
  node_disk_size_usage: `
    sum(max((node_filesystem_size_bytes{${PHYSICAL_DISKS}} -
    node_filesystem_avail_bytes{${PHYSICAL_DISKS}}) * on (namespace, pod) group_left(node)
    node_namespace_pod:kube_pod_info:{$nodes}) by (device, node)) by (node)`,
  node_disk_size_utilisation: 'node:disk_space_utilization:ratio{$nodes}',
  node_disk_inode_total: 'node:node_inodes_total:{$nodes}',
  node_disk_inode_usage: 'node:node_inodes_total:{$nodes} - node:node_inodes_free:{$nodes}',
  node_disk_inode_utilisation: 'node:disk_inode_utilization:ratio{$nodes}',
  node_pod_count: 'node:pod_count:sum{$nodes}',
  node_pod_quota: `max(kube_node_status_capacity{resource="pods",$nodes}) by (node) ${EXCEPT_OFFLINE_NODES}`,
  node_pod_utilisation: 'node:pod_utilization:ratio{$nodes}',
  node_pod_running_count: 'node:pod_running:count{$nodes}',
  node_pod_succeeded_count: 'node:pod_succeeded:count{$nodes}',
  node_pod_abnormal_count: 'node:pod_abnormal:count{$nodes}',
  node_load1: 'node:load1:ratio{$nodes}',
  node_load5: 'node:load5:ratio{$nodes}',
  node_load15: 'node:load15:ratio{$nodes}',
  node_pod_abnormal_ratio: 'node:pod_abnormal:ratio{$nodes}',
};
