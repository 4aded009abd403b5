import { KSM, KUBELET, NET_INTERFACE, rate } from './expressions.ts';
import type { RecordingRule } from './rule.ts';

/**
 * The workload of each pod: its owner, and for a replica set the deployment whose name is the part
 * before the last hyphen. A pod without an owner is its own workload.
 */
const OWNERS = (() => {
  const owner = (matcher: string) => `kube_pod_owner{${KSM}, owner_kind${matcher}"<none>"}`;
  const replace = (from: string, label: string, rest: string) =>
    `label_replace(${from}, "${label}", ${rest})`;

  const owned = replace(owner('!='), 'owner_kind', '"Deployment", "owner_kind", "ReplicaSet"');
  const alone = replace(
    replace(owner('='), 'owner_kind', '"Pod", "", ""'),
    'owner_name',
    '"$1", "pod", "(.*)"',
  );
  const joined = `label_join(${owned} or ${alone}, "workload", ":", "owner_kind", "owner_name")`;

  return replace(joined, 'workload', '"$1", "workload", "(Deployment:.+)-[^-]*"');
})();

function ofWorkloads(expression: string): string {
  const byPod = `sum by (namespace, pod) (${expression})`;
  const owned = `${byPod} * on (namespace, pod) group_left (workload, owner_kind) ${OWNERS}`;

  return `sum by (namespace, workload, owner_kind) (${owned})`;
}

/** Returns the rules of workloads: what all of their pods use together. */
export function workloadRules(): RecordingRule[] {
  const container = (name: string) => `container_${name}{${KUBELET}, pod!="", image!=""}`;
  const network = (way: string) =>
    rate(`container_network_${way}_bytes_total{${KUBELET}, pod!="", ${NET_INTERFACE}}`);

  const expressions = {
    'namespace:workload_cpu_usage:sum': rate(container('cpu_usage_seconds_total')),
    'namespace:workload_memory_usage:sum': container('memory_usage_bytes'),
    'namespace:workload_memory_usage_wo_cache:sum': container('memory_working_set_bytes'),
    'namespace:workload_net_bytes_transmitted:sum_irate': network('transmit'),
    'namespace:workload_net_bytes_received:sum_irate': network('receive'),
  };

  return Object.entries(expressions).map(([record, expression]) => ({
    record,
    expr: ofWorkloads(expression),
  }));
}
