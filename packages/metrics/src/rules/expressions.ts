import type { RuleVariant } from './rule.ts';

/** Matchers of the jobs whose series the rules read. */
export const KSM = 'job="kube-state-metrics"';
export const NODE_EXPORTER = 'job="node-exporter"';
export const KUBELET = 'job="kubelet"';

const VIRTUAL = '^(cali.+|tunl.+|dummy.+|kube.+|flannel.+|cni.+|docker.+|veth.+|lo.*)';

/** Matchers of network devices and interfaces that are not virtual. */
export const NET_DEVICE = `device!~"${VIRTUAL}"`;
export const NET_INTERFACE = `interface!~"${VIRTUAL}"`;

/** Matchers of file systems on disks. */
export const BLOCK_DEVICE = 'device=~"/dev/.*", device!~"/dev/loop\\\\d+"';

/** The recorded place of each pod, by which node exporters' series find their node. */
export const POD_PLACE = 'node_namespace_pod:kube_pod_info:';

/** Labels of a node in recorded series. */
export const NODE_LABELS = 'node, host_ip, role';

/** Returns the rate between the last two samples of counters. */
export function rate(selector: string): string {
  return `irate(${selector}[5m])`;
}

/** Returns series of exporters' pods with the labels of their node. */
export function onNode(expression: string): string {
  return `${expression} * on (namespace, pod) group_left (${NODE_LABELS}) ${POD_PLACE}`;
}

/** Returns the sum for each node of series of exporters' pods. */
export function sumByNode(expression: string): string {
  return `sum by (${NODE_LABELS}) (${onNode(`(${expression})`)})`;
}

/** Returns series of namespaces with the workspace of each. */
export function withWorkspace(expression: string): string {
  return `(${expression}) * on (namespace) group_left (workspace) kube_namespace_labels{${KSM}}`;
}

/** Returns pods in one of some phases; the phases are a regular expression. */
export function podsInPhase(phases: string): string {
  return `(kube_pod_status_phase{${KSM}, phase=~"${phases}"} > 0)`;
}

/** Removes from pods those that ended well, are ready and running, or are being created. */
export function abnormalOf(pods: string): string {
  const ready = `((kube_pod_status_ready{${KSM}, condition="true"} > 0) and on (pod, namespace) ${podsInPhase('Running')})`;
  const creating = `(kube_pod_container_status_waiting_reason{${KSM}, reason="ContainerCreating"} > 0)`;

  return [pods, podsInPhase('Succeeded'), ready, creating].join(' unless on (pod, namespace) ');
}

/** Returns how many pods each node may have. */
export function podCapacity({ kubeStateMetrics }: RuleVariant): string {
  return kubeStateMetrics === 1
    ? `kube_node_status_capacity_pods{${KSM}}`
    : `kube_node_status_capacity{${KSM}, resource="pods"}`;
}
