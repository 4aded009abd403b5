import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { isComponent, type Labels, objectsOf, subsetName, VERSION } from './governed.ts';

/** Pods of a version, and how connections to them are made (Istio, DestinationRule). */
export interface Subset {
  name: string;
  labels?: Labels;
  trafficPolicy?: unknown;
}

/** Spec of a DestinationRule (Istio). */
export interface DestinationRuleSpec {
  host?: string;
  trafficPolicy?: unknown;
  subsets?: Subset[];
}

/** Whether a Deployment serves a version of a component now. */
export function isServing({ metadata, spec, status }: KubeObject): boolean {
  const { matchLabels } = (spec?.selector ?? {}) as { matchLabels?: Labels };
  return isComponent(metadata.labels) && isComponent(matchLabels) && status?.readyReplicas > 0;
}

/** Returns a subset for each version that Deployments serve. */
function subsetsOf(deployments: readonly KubeObject[]): Map<string, Subset> {
  const subsets = new Map<string, Subset>();

  for (const { metadata } of deployments) {
    const version = metadata.labels?.[VERSION];
    if (version) {
      const name = subsetName(version);
      subsets.set(name, subsets.get(name) ?? { name, labels: { [VERSION]: version } });
    }
  }

  return subsets;
}

/**
 * Returns the DestinationRule of a Service with these Deployments. Subsets keep their places in the
 * rule as it was, as requests go to the first unless a Strategy says otherwise; new ones come last.
 */
export function destinationRuleSpec(
  service: string,
  deployments: readonly KubeObject[],
  policy: DestinationRuleSpec | undefined,
  before: DestinationRuleSpec | undefined,
): DestinationRuleSpec {
  const found = subsetsOf(deployments);
  const policies = new Map(
    objectsOf<Subset>(policy?.subsets).map(({ name, trafficPolicy }) => [name, trafficPolicy]),
  );
  const kept = objectsOf<Subset>(before?.subsets).filter(({ name }) => found.has(name));
  const names = new Set([...kept.map(({ name }) => name), ...found.keys()]);

  const subsets = [...names].flatMap((name) => {
    const subset = found.get(name);
    const trafficPolicy = policies.get(name);
    return subset ? [{ ...subset, ...(trafficPolicy ? { trafficPolicy } : {}) }] : [];
  });

  return {
    host: service,
    ...(policy?.trafficPolicy ? { trafficPolicy: policy.trafficPolicy } : {}),
    subsets,
  };
}
