import { KSM, KUBELET, rate, withWorkspace } from './expressions.ts';
import type { RecordingRule, RuleVariant } from './rule.ts';

const CONTAINERS = `${KUBELET}, image!="", container!=""`;
const CPU = `container_cpu_usage_seconds_total{${CONTAINERS}}`;

/** Returns the sum for each namespace, 0 for those without any. */
function sumOrZero(expression: string): string {
  const none = `max by (namespace, workspace) (kube_namespace_labels{${KSM}} * 0)`;
  return `sum by (namespace, workspace) (${withWorkspace(expression)}) or on (namespace) ${none}`;
}

function usageRules({ source }: RuleVariant): RecordingRule[] {
  const memory = (name: string) => `container_memory_${name}_bytes{${CONTAINERS}}`;

  return [
    {
      record: 'namespace:container_cpu_usage_seconds_total:sum_rate',
      expr: sumOrZero(source === 'embedded' ? rate(CPU) : `(${CPU} - ${CPU} offset 90s) / 90`),
    },
    { record: 'namespace:container_memory_usage_bytes:sum', expr: sumOrZero(memory('usage')) },
    {
      record: 'namespace:container_memory_usage_bytes_wo_cache:sum',
      expr: sumOrZero(memory('working_set')),
    },
  ];
}

function podRules(variant: RuleVariant): RecordingRule[] {
  const pods = `count by (namespace) (kube_pod_info{${KSM}, node!=""})`;
  // kube-state-metrics 1 tells each reason of each container, mostly with the value 0.
  const isComplete = variant.source === 'prometheus' && variant.kubeStateMetrics === 1;
  const sum = (expression: string) => {
    const sums = `sum by (namespace) (${expression})`;
    return isComplete ? sums : `(${sums} or on (namespace) ${pods} * 0)`;
  };
  const phase = (matcher: string) => `kube_pod_status_phase{${KSM}, phase${matcher}}`;
  const ready = `kube_pod_status_ready{${KSM}, condition="true"}`;
  const waiting = `kube_pod_container_status_waiting_reason{${KSM}, reason="ContainerCreating"}`;

  const abnormal = [
    pods,
    sum(phase('="Succeeded"')),
    sum(`${ready} * on (pod, namespace) ${phase('="Running"')}`),
    sum(waiting),
  ].join(' - ');

  const all = `sum by (namespace) (kube_pod_status_phase{${KSM}, phase!="Succeeded", namespace!=""})`;

  return [
    { record: 'namespace:pod_abnormal:count', expr: withWorkspace(abnormal) },
    {
      record: 'namespace:pod_abnormal:ratio',
      expr: `namespace:pod_abnormal:count / (${withWorkspace(all)})`,
    },
  ];
}

function unavailableRule(kind: string, expression: string): RecordingRule {
  const label = kind.toLowerCase();
  const named = `label_replace(${withWorkspace(expression)}, "owner_kind", "${kind}", "", "")`;

  return {
    record: `namespace:${label}_unavailable_replicas:ratio`,
    expr: `label_join(${named}, "workload", ":", "owner_kind", "${label}")`,
  };
}

function replicaRules(): RecordingRule[] {
  const ratio = (label: string, part: string, whole: string) =>
    `sum by (${label}, namespace) (kube_${label}_${part}{${KSM}} / kube_${label}_${whole}{${KSM}})`;

  return [
    unavailableRule(
      'Deployment',
      ratio('deployment', 'status_replicas_unavailable', 'spec_replicas'),
    ),
    unavailableRule(
      'DaemonSet',
      ratio('daemonset', 'status_number_unavailable', 'status_desired_number_scheduled'),
    ),
    unavailableRule(
      'StatefulSet',
      `1 - ${ratio('statefulset', 'status_replicas_current', 'replicas')}`,
    ),
  ];
}

/** Returns the rules of namespaces. */
export function namespaceRules(variant: RuleVariant): RecordingRule[] {
  return [...usageRules(variant), ...podRules(variant), ...replicaRules()];
}
