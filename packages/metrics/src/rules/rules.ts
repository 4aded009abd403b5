import { clusterRules } from './cluster-rules.ts';
import { componentRules } from './component-rules.ts';
import { namespaceRules } from './namespace-rules.ts';
import { nodeRules } from './node-rules.ts';
import type { RecordingRule, RuleVariant } from './rule.ts';
import { workloadRules } from './workload-rules.ts';

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly RecordingRule[];
}

/**
 * Returns the recording rules that KubeSphere's monitoring queries read, in groups. A rule reads
 * only rules before it; a group's evaluation is a moment behind those before it where they are
 * evaluated independently, as Prometheus does.
 */
export function ruleGroups(variant: RuleVariant): RuleGroup[] {
  return [
    { name: 'ks-node.rules', rules: nodeRules(variant) },
    { name: 'ks-cluster.rules', rules: clusterRules(variant) },
    { name: 'ks-namespace.rules', rules: namespaceRules(variant) },
    { name: 'ks-workload.rules', rules: workloadRules() },
    { name: 'ks-component.rules', rules: componentRules() },
  ];
}
