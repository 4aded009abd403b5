import { EXCEPT_OFFLINE_NODES, PHYSICAL_DISKS } from './fragments.ts';
import type { MetricTemplates } from './metric-templates.ts';

/** Metrics of the whole cluster. */
export const CLUSTER_METRICS: MetricTemplates = {
  cluster_cpu_utilisation: ':node_cpu_utilisation:avg1m',
  cluster_cpu_usage: 'round(:node_cpu_utilisation:avg1m * sum(node:node_num_cpu:sum), 0.001)',
  cluster_cpu_total: 'sum(node:node_num_cpu:sum)',
  cluster_memory_utilisation: ':node_memory_utilisation:',
  cluster_memory_available: 'sum(node:node_memory_bytes_available:sum)',
  cluster_memory_total: 'sum(node:node_memory_bytes_total:sum)',
  cluster_memory_usage_wo_cache:
    'sum(node:node_memory_bytes_total:sum) - sum(node:node_memory_bytes_available:sum)',
  cluster_net_utilisation: ':node_net_utilisation:sum_irate',
  cluster_net_bytes_transmitted: 'sum(node:node_net_bytes_transmitted:sum_irate)',
  cluster_net_bytes_received: 'sum(node:node_net_bytes_received:sum_irate)',
  cluster_disk_read_iops: 'sum(node:data_volume_iops_reads:sum)',
  cluster_disk_write_iops: 'sum(node:data_volume_iops_writes:sum)',
  cluster_disk_read_throughput: 'sum(node:data_volume_throughput_bytes_read:sum)',
  cluster_disk_write_throughput: 'sum(node:data_volume_throughput_bytes_written:sum)',
  cluster_disk_size_usage: `
    sum(max(node_filesystem_size_bytes{${PHYSICAL_DISKS}} -
    node_filesystem_avail_bytes{${PHYSICAL_DISKS}}) by (device, instance))`,
  cluster_disk_size_utilisation: 'cluster:disk_utilization:ratio',
  cluster_disk_size_capacity: `sum(max(node_filesystem_size_bytes{${PHYSICAL_DISKS}}) by (device, instance))`,
  cluster_disk_size_available: `sum(max(node_filesystem_avail_bytes{${PHYSICAL_DISKS}}) by (device, instance))`,
  cluster_disk_inode_total: 'sum(node:node_inodes_total:)',
  cluster_disk_inode_usage: 'sum(node:node_inodes_total:) - sum(node:node_inodes_free:)',
  cluster_disk_inode_utilisation: 'cluster:disk_inode_utilization:ratio',
  cluster_namespace_count: 'count(kube_namespace_labels)',
  cluster_pod_count: 'cluster:pod:sum',
  cluster_pod_quota: `sum(max(kube_node_status_capacity{resource="pods"}) by (node) ${EXCEPT_OFFLINE_NODES})`,
  cluster_pod_utilisation: 'cluster:pod_utilization:ratio',
  cluster_pod_running_count: 'cluster:pod_running:count',
  cluster_pod_succeeded_count: `
    count(kube_pod_info unless on (pod)
    (kube_pod_status_phase{phase=~"Failed|Pending|Unknown|Running"} > 0)
    ${EXCEPT_OFFLINE_NODES})`,
  cluster_pod_abnormal_count: 'cluster:pod_abnormal:sum',
  cluster_node_online: 'sum(kube_node_status_condition{condition="Ready",status="true"})',
  cluster_node_offline: 'cluster:node_offline:sum',
  cluster_node_total: 'sum(kube_node_status_condition{condition="Ready"})',
  cluster_cronjob_count: 'sum(kube_cronjob_labels)',
  cluster_pvc_count: 'sum(kube_persistentvolumeclaim_info)',
  cluster_daemonset_count: 'sum(kube_daemonset_labels)',
  cluster_deployment_count: 'sum(kube_deployment_labels)',
  cluster_endpoint_count: 'sum(kube_endpoint_labels)',
  cluster_hpa_count: 'sum(kube_hpa_labels)',
  cluster_job_count: 'sum(kube_job_labels)',
  cluster_statefulset_count: 'sum(kube_statefulset_labels)',
  cluster_replicaset_count: 'count(kube_replicaset_labels)',
  cluster_service_count: 'sum(kube_service_info)',
  cluster_secret_count: 'sum(kube_secret_info)',
  cluster_pv_count: 'sum(kube_persistentvolume_labels)',
  cluster_ingresses_extensions_count: 'sum(kube_ingress_labels)',
  cluster_load1: 'sum(node_load1{job="node-exporter"}) / sum(node:node_num_cpu:sum)',
  cluster_load5: 'sum(node_load5{job="node-exporter"}) / sum(node:node_num_cpu:sum)',
  cluster_load15: 'sum(node_load15{job="node-exporter"}) / sum(node:node_num_cpu:sum)',
  cluster_pod_abnormal_ratio: 'cluster:pod_abnormal:ratio',
  cluster_node_offline_ratio: 'cluster:node_offline:ratio',
};
