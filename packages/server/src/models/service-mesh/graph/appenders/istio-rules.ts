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

/** Returns the hosts that name a service of a namespace. */
function hostsOf(service: string, namespace: string): string[] {
  const short = `${service}.${namespace}`;
  return [service, short, `${short}.svc`, `${short}.svc.cluster.local`];
}

function breaks(policy: TrafficPolicy | undefined): boolean {
  return policy?.connectionPool !== undefined && policy.outlierDetection !== undefined;
}

/** Circuit breakers of hosts: for all versions of a service, and for some. */
type CircuitBreakers = ReadonlyMap<string, { all: boolean; versions: Set<string> }>;

function circuitBreakers(rules: readonly KubeObject[]): CircuitBreakers {
  const breakers = new Map<string, { all: boolean; versions: Set<string> }>();

  for (const { spec } of rules) {
    const { host, trafficPolicy, subsets } = (spec ?? {}) as {
      host?: unknown;
      trafficPolicy?: TrafficPolicy;
      subsets?: unknown;
    };

    const found = breakers.get(String(host)) ?? { all: false, versions: new Set<string>() };
    breakers.set(String(host), found);
    found.all ||= breaks(trafficPolicy);

    for (const subset of listOf(subsets) as (Subset | null)[]) {
      if (breaks(subset?.trafficPolicy)) {
        found.versions.add(String(subset?.labels?.version ?? ''));
      }
    }
  }

  return breakers;
}

/** Whether there is a circuit breaker for a service; with a version, for that version. */
function isBroken(
  breakers: CircuitBreakers,
  { service, namespace, version }: { service: string; namespace: string; version: string },
): boolean {
  return hostsOf(service, namespace).some((host) => {
    const { all, versions } = breakers.get(host) ?? { all: false, versions: new Set() };
    return all || (version === '' ? versions.size > 0 : versions.has(version));
  });
}

function hasCircuitBreaker(
  { nodeType, place, destServices }: MeshNode,
  breakers: CircuitBreakers,
): boolean {
  const { namespace, service } = place;
  const version = isKnown(place.version) ? place.version : '';

  if (nodeType === 'service') {
    return isBroken(breakers, { service, namespace, version: '' });
  }
  if (version === '' && nodeType !== 'app') {
    return false;
  }

  return [...destServices].some((name) =>
    isBroken(breakers, { service: name, namespace, version }),
  );
}

/** Marks nodes of a namespace for which it has a circuit breaker or a VirtualService. */
export function markIstioRules(
  graph: TrafficGraph,
  namespace: string,
  { destinationRules, virtualServices }: IstioRules,
): void {
  const breakers = circuitBreakers(destinationRules);
  const routed = new Set(virtualServices.flatMap(({ spec }) => listOf(spec?.hosts).map(String)));

  for (const node of graph.values()) {
    if (node.place.namespace !== namespace) {
      continue;
    }

    if (hasCircuitBreaker(node, breakers)) {
      node.flags.hasCB = true;
    }

    const isRouted =
      node.nodeType === 'service' &&
      hostsOf(node.place.service, namespace).some((host) => routed.has(host));

    if (isRouted) {
      node.flags.hasVS = true;
    }
  }
}
