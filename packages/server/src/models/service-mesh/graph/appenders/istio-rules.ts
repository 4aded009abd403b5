import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { MeshNode, TrafficGraph } from '../graph.ts';
import { isKnown } from '../node-id.ts';

/** Istio's rules of a namespace. */
export interface IstioRules {
  readonly destinationRules: readonly KubeObject[];
  readonly virtualServices: readonly KubeObject[];
}

interface TrafficPolicy {
  connectionPool?: unknown;
  outlierDetection?: unknown;
}

interface Subset {
  labels?: { version?: string };
  trafficPolicy?: TrafficPolicy;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Whether a host names a service of a namespace. */
function isHostOf(host: unknown, service: string, namespace: string): boolean {
  const short = `${service}.${namespace}`;
  return [service, short, `${short}.svc`, `${short}.svc.cluster.local`].includes(String(host));
}

function breaks(policy: TrafficPolicy | undefined): boolean {
  return policy?.connectionPool !== undefined && policy.outlierDetection !== undefined;
}

/** Whether a rule breaks the circuit of a service, or of one version of it. */
function breaksCircuit(
  { spec }: KubeObject,
  { service, namespace, version }: { service: string; namespace: string; version: string },
): boolean {
  const { host, trafficPolicy, subsets } = (spec ?? {}) as {
    host?: unknown;
    trafficPolicy?: TrafficPolicy;
    subsets?: unknown;
  };

  if (!isHostOf(host, service, namespace)) {
    return false;
  }

  return (
    breaks(trafficPolicy) ||
    (listOf(subsets) as (Subset | null)[]).some(
      (subset) =>
        breaks(subset?.trafficPolicy) && (version === '' || subset?.labels?.version === version),
    )
  );
}

function hasCircuitBreaker(
  { nodeType, place, destServices }: MeshNode,
  rules: readonly KubeObject[],
): boolean {
  const { namespace, service } = place;
  const version = isKnown(place.version) ? place.version : '';

  if (nodeType === 'service') {
    return rules.some((rule) => breaksCircuit(rule, { service, namespace, version: '' }));
  }
  if (version === '' && nodeType !== 'app') {
    return false;
  }

  return [...destServices].some((name) =>
    rules.some((rule) => breaksCircuit(rule, { service: name, namespace, version })),
  );
}

/** Marks nodes of a namespace for which it has a circuit breaker or a VirtualService. */
export function markIstioRules(
  graph: TrafficGraph,
  namespace: string,
  { destinationRules, virtualServices }: IstioRules,
): void {
  for (const node of graph.values()) {
    if (node.place.namespace !== namespace) {
      continue;
    }

    if (hasCircuitBreaker(node, destinationRules)) {
      node.flags.hasCB = true;
    }

    const isRouted =
      node.nodeType === 'service' &&
      virtualServices.some(({ spec }) =>
        listOf(spec?.hosts).some((host) => isHostOf(host, node.place.service, namespace)),
      );

    if (isRouted) {
      node.flags.hasVS = true;
    }
  }
}
