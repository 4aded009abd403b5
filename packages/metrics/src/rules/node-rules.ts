import {
  abnormalOf,
  BLOCK_DEVICE,
  KSM,
  NET_DEVICE,
  NODE_EXPORTER,
  NODE_LABELS,
  onNode,
  POD_PLACE,
  podCapacity,
  podsInPhase,
  rate,
  sumByNode,
} from './expressions.ts';
import type { RecordingRule, RuleVariant } from './rule.ts';

function podPlaceRule({ source }: RuleVariant): RecordingRule {
  const info =
    source === 'embedded'
      ? `{__name__=~"kube_pod_info|node_exporter_pod_info", ${KSM}}`
      : `kube_pod_info{${KSM}}`;
  const master = `kube_node_role{${KSM}, role="master"}`;

  return {
    record: POD_PLACE,
    expr: `max by (node, namespace, host_ip, role, pod) (${info} * on (node) group_left (role) ${master} or on (pod, namespace) ${info})`,
  };
}

function utilisation(variant: RuleVariant): (kind: 'node' | 'cluster') => string {
  const cpu = (mode: string) => rate(`node_cpu_seconds_total{${NODE_EXPORTER}, mode${mode}}`);

  return (kind) => {
    const average = kind === 'node' ? `avg by (${NODE_LABELS})` : 'avg';

    if (variant.nodeExporter === 'kubesphere') {
      const used = cpu('="used"');
      return `${average} (${kind === 'node' ? onNode(used) : used})`;
    }

    const unused = `sum by (namespace, pod, instance, cpu) (${cpu('=~"idle|iowait"')})`;
    return `1 - ${average} (${kind === 'node' ? onNode(unused) : unused})`;
  };
}

function processorRules(variant: RuleVariant): RecordingRule[] {
  const expr = utilisation(variant);
  const cpus = onNode(`node_cpu_seconds_total{${NODE_EXPORTER}}`);

  return [
    {
      record: 'node:node_num_cpu:sum',
      expr: `count by (${NODE_LABELS}) (sum by (node, cpu, host_ip, role) (${cpus}))`,
    },
    { record: ':node_cpu_utilisation:avg1m', expr: expr('cluster') },
    { record: 'node:node_cpu_utilisation:avg1m', expr: expr('node') },
    ...['1', '5', '15'].map((minutes) => ({
      record: `node:load${minutes}:ratio`,
      expr: `${sumByNode(`node_load${minutes}{${NODE_EXPORTER}}`)} / node:node_num_cpu:sum`,
    })),
  ];
}

function memoryRules(): RecordingRule[] {
  const bytes = (name: string) => `node_memory_${name}_bytes{${NODE_EXPORTER}}`;
  const available = ['MemFree', 'Cached', 'Buffers', 'SReclaimable'].map(bytes).join(' + ');

  return [
    {
      record: ':node_memory_utilisation:',
      expr: `1 - sum(${available}) / sum(${bytes('MemTotal')})`,
    },
    { record: 'node:node_memory_bytes_available:sum', expr: sumByNode(available) },
    { record: 'node:node_memory_bytes_total:sum', expr: sumByNode(bytes('MemTotal')) },
    {
      record: 'node:node_memory_utilisation:',
      expr: '1 - (node:node_memory_bytes_available:sum / node:node_memory_bytes_total:sum)',
    },
  ];
}

function networkRules(): RecordingRule[] {
  const bytes = (way: string) =>
    rate(`node_network_${way}_bytes_total{${NODE_EXPORTER}, ${NET_DEVICE}}`);
  const both = `${bytes('receive')} + ${bytes('transmit')}`;

  return [
    { record: ':node_net_utilisation:sum_irate', expr: `sum(${both})` },
    { record: 'node:node_net_utilisation:sum_irate', expr: sumByNode(both) },
    {
      record: 'node:node_net_bytes_transmitted:sum_irate',
      expr: sumByNode(bytes('transmit')),
    },
    { record: 'node:node_net_bytes_received:sum_irate', expr: sumByNode(bytes('receive')) },
  ];
}

function diskRules(): RecordingRule[] {
  const counter = (name: string) => sumByNode(rate(`node_disk_${name}_total{${NODE_EXPORTER}}`));
  const fileSystem = (name: string) => `node_filesystem_${name}{${NODE_EXPORTER}, ${BLOCK_DEVICE}}`;
  const inodes = (name: string) =>
    sumByNode(`sum by (pod, namespace) (max by (device, pod, namespace) (${fileSystem(name)}))`);
  const space = (name: string) =>
    `sum by (${NODE_LABELS}) (max by (device, ${NODE_LABELS}) (${onNode(fileSystem(name))}))`;

  return [
    { record: 'node:data_volume_iops_reads:sum', expr: counter('reads_completed') },
    { record: 'node:data_volume_iops_writes:sum', expr: counter('writes_completed') },
    { record: 'node:data_volume_throughput_bytes_read:sum', expr: counter('read_bytes') },
    { record: 'node:data_volume_throughput_bytes_written:sum', expr: counter('written_bytes') },
    { record: 'node:node_inodes_total:', expr: inodes('files') },
    { record: 'node:node_inodes_free:', expr: inodes('files_free') },
    {
      record: 'node:disk_inode_utilization:ratio',
      expr: '1 - (node:node_inodes_free: / node:node_inodes_total:)',
    },
    { record: 'node:disk_space_available:', expr: space('avail_bytes') },
    {
      record: 'node:disk_space_utilization:ratio',
      expr: `1 - (node:disk_space_available: / ${space('size_bytes')})`,
    },
  ];
}

function podRules(variant: RuleVariant): RecordingRule[] {
  // A node exporter that is no pod is in no namespace.
  const pods = variant.source === 'embedded' ? `${POD_PLACE}{namespace!=""}` : POD_PLACE;
  const count = (expression: string) => `count by (${NODE_LABELS}) (${expression})`;
  const without = (phases: string) =>
    count(`${pods} unless on (pod, namespace) ${podsInPhase(phases)}`);
  const places = `max by (${NODE_LABELS}) (${POD_PLACE}{host_ip!=""})`;

  return [
    {
      record: 'node:pod_count:sum',
      expr: sumByNode(`kube_pod_status_scheduled{${KSM}, condition="true"} > 0`),
    },
    {
      record: 'node:pod_capacity:sum',
      expr: `sum by (node) (${podCapacity(variant)}) * on (node) group_left (host_ip, role) ${places}`,
    },
    { record: 'node:pod_running:count', expr: without('Failed|Pending|Unknown|Succeeded') },
    { record: 'node:pod_succeeded:count', expr: without('Failed|Pending|Unknown|Running') },
    {
      record: 'node:pod_utilization:ratio',
      expr: 'node:pod_running:count / node:pod_capacity:sum',
    },
    { record: 'node:pod_abnormal:count', expr: count(abnormalOf(pods)) },
    {
      record: 'node:pod_abnormal:ratio',
      expr: `node:pod_abnormal:count / ${without('Succeeded')}`,
    },
  ];
}

/** Returns the rules of nodes; the first one is an input of most others. */
export function nodeRules(variant: RuleVariant): RecordingRule[] {
  return [
    podPlaceRule(variant),
    ...processorRules(variant),
    ...memoryRules(),
    ...networkRules(),
    ...diskRules(),
    ...podRules(variant),
  ];
}
