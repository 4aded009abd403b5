import {
  abnormalOf,
  BLOCK_DEVICE,
  KSM,
  NODE_EXPORTER,
  podCapacity,
  podsInPhase,
} from './expressions.ts';
import type { RecordingRule, RuleVariant } from './rule.ts';

const PODS = `kube_pod_info{${KSM}}`;

function readyIs(status: string): string {
  return `kube_node_status_condition{${KSM}, condition="Ready"${status}}`;
}

/** Returns the rules of the whole cluster; some read those of its nodes. */
export function clusterRules(variant: RuleVariant): RecordingRule[] {
  const scheduled = `(kube_pod_status_scheduled{${KSM}, condition="true"} > 0)`;
  const space = (name: string) =>
    `sum(max by (device, instance) (node_filesystem_${name}_bytes{${NODE_EXPORTER}, ${BLOCK_DEVICE}}))`;

  return [
    {
      record: 'cluster:pod:sum',
      expr: `sum(${scheduled} * on (namespace, pod) group_left (node) ${PODS})`,
    },
    {
      record: 'cluster:pod_running:count',
      expr: `count(${PODS} and on (pod, namespace) ${podsInPhase('Running')})`,
    },
    {
      record: 'cluster:pod_utilization:ratio',
      expr: `cluster:pod_running:count / sum(${podCapacity(variant)})`,
    },
    { record: 'cluster:pod_abnormal:sum', expr: `count(${abnormalOf(PODS)})` },
    {
      record: 'cluster:pod_abnormal:ratio',
      expr: `cluster:pod_abnormal:sum / sum(kube_pod_status_phase{${KSM}, phase!="Succeeded"})`,
    },
    {
      record: 'cluster:disk_utilization:ratio',
      expr: `1 - ${space('avail')} / ${space('size')}`,
    },
    {
      record: 'cluster:disk_inode_utilization:ratio',
      expr: '1 - sum(node:node_inodes_free:) / sum(node:node_inodes_total:)',
    },
    {
      record: 'cluster:node_offline:sum',
      expr: `sum(${readyIs(', status=~"unknown|false"')})`,
    },
    {
      record: 'cluster:node_offline:ratio',
      expr: `cluster:node_offline:sum / sum(${readyIs('')})`,
    },
  ];
}
