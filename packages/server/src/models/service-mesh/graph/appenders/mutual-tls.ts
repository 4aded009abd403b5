import type { Sample } from '../../query/results.ts';
import { pairKey, type TrafficGraph } from '../graph.ts';
import { identify } from '../node-id.ts';
import { type GraphShape, hopsOf } from '../traffic.ts';

const MUTUAL_TLS = 'mutual_tls';

/** Requests per second by how they are secured, of pairs of nodes; the last sample counts. */
export function securedTraffic(
  samples: readonly Sample[],
  shape: GraphShape,
): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const pairs = new Map<string, Map<string, number>>();

  for (const { labels, value } of samples) {
    const { connection_security_policy: policy } = labels;
    if (!policy) {
      continue;
    }

    for (const hop of hopsOf(labels, shape)) {
      const [source, destination] = hop.map((place) => identify(place, shape.graphType).id);
      const key = pairKey(source ?? '', destination ?? '');
      const policies = pairs.get(key) ?? new Map<string, number>();

      pairs.set(key, policies.set(policy, value));
    }
  }

  return pairs;
}

/** Sets which percentage of the requests of edges is encrypted. */
export function setMutualTls(
  graph: TrafficGraph,
  pairs: ReadonlyMap<string, ReadonlyMap<string, number>>,
): void {
  for (const node of graph.values()) {
    for (const edge of node.edges) {
      const policies = pairs.get(pairKey(node.id, edge.destination.id));
      const all = [...(policies?.values() ?? [])].reduce((total, value) => total + value, 0);
      const secured = policies?.get(MUTUAL_TLS) ?? 0;

      if (secured > 0 && all > 0) {
        edge.mutualTls = (secured / all) * 100;
      }
    }
  }
}
