import type { MetricTemplates } from './metric-templates.ts';

/** Metrics of workloads; `$workloads` selects recorded series, `$objects` those of kube-state-metrics. */
export const WORKLOAD_METRICS: MetricTemplates = {
  workload_cpu_usage: 'round(namespace:workload_cpu_usage:sum{$workloads}, 0.001)',
  workload_memory_usage: 'namespace:workload_memory_usage:sum{$workloads}',
  workload_memory_usage_wo_cache: 'namespace:workload_memory_usage_wo_cache:sum{$workloads}',
  workload_net_bytes_transmitted: 'namespace:workload_net_bytes_transmitted:sum_irate{$workloads}',
  workload_net_bytes_received: 'namespace:workload_net_bytes_received:sum_irate{$workloads}',
  workload_deployment_replica: `
    label_join(sum (label_join(label_replace(kube_deployment_spec_replicas{$objects},
    "owner_kind", "Deployment", "", ""), "workload", "", "deployment")) by (namespace,
    owner_kind, workload), "workload", ":", "owner_kind", "workload")`,
  workload_deployment_replica_available: `
    label_join(sum
    (label_join(label_replace(kube_deployment_status_replicas_available{$objects},
    "owner_kind", "Deployment", "", ""), "workload", "", "deployment")) by (namespace,
    owner_kind, workload), "workload", ":", "owner_kind", "workload")`,
  workload_statefulset_replica: `
    label_join(sum (label_join(label_replace(kube_statefulset_replicas{$objects},
    "owner_kind", "StatefulSet", "", ""), "workload", "", "statefulset")) by (namespace,
    owner_kind, workload), "workload", ":", "owner_kind", "workload")`,
  workload_statefulset_replica_available: `
    label_join(sum
    (label_join(label_replace(kube_statefulset_status_replicas_current{$objects},
    "owner_kind", "StatefulSet", "", ""), "workload", "", "statefulset")) by (namespace,
    owner_kind, workload), "workload", ":", "owner_kind", "workload")`,
  workload_daemonset_replica: `
    label_join(sum
    (label_join(label_replace(kube_daemonset_status_desired_number_scheduled{$objects},
    "owner_kind", "DaemonSet", "", ""), "workload", "", "daemonset")) by (namespace,
    owner_kind, workload), "workload", ":", "owner_kind", "workload")`,
  workload_daemonset_replica_available: `
    label_join(sum
    (label_join(label_replace(kube_daemonset_status_number_available{$objects},
    "owner_kind", "DaemonSet", "", ""), "workload", "", "daemonset")) by (namespace,
    owner_kind, workload), "workload", ":", "owner_kind", "workload")`,
  workload_deployment_unavailable_replicas_ratio:
    'namespace:deployment_unavailable_replicas:ratio{$workloads}',
  workload_daemonset_unavailable_replicas_ratio:
    'namespace:daemonset_unavailable_replicas:ratio{$workloads}',
  workload_statefulset_unavailable_replicas_ratio:
    'namespace:statefulset_unavailable_replicas:ratio{$workloads}',
};
