import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RuleVariant } from './rule.ts';
import { ruleGroups } from './rules.ts';

/** How rules are installed in a cluster that the Prometheus operator looks after. */
export interface ManifestOptions {
  readonly variant: Omit<RuleVariant, 'source'>;
  readonly name?: string;
  readonly namespace?: string;
  /** Labels by which the operator's Prometheus finds its rules. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Returns the rules as a PrometheusRule object. kube-state-metrics must be scraped with
 * `label_kubesphere_io_workspace` of namespaces renamed to `workspace`.
 */
export function ruleManifest(options: ManifestOptions): KubeObject {
  const {
    variant,
    name = 'ks-apiserver-rules',
    namespace = 'kubesphere-monitoring-system',
    labels = { prometheus: 'k8s', role: 'alert-rules' },
  } = options;

  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name, namespace, labels: { ...labels } },
    spec: { groups: ruleGroups({ ...variant, source: 'prometheus' }) },
  };
}
