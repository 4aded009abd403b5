import type { Sample } from '../../query/results.ts';
import { pairKey, type TrafficGraph } from '../graph.ts';
import { identify } from '../node-id.ts';
import { type GraphShape, hopsOf } from '../traffic.ts';

/**
 * Returns milliseconds by pairs of nodes; of several values for a pair the last one counts. By way
 * of a service, they are those of the second step.
 */
export function responseTimes(
  samples: readonly Sample[],
  shape: GraphShape,
): ReadonlyMap<string, number> {
  const times = new Map<string, number>();

  for (const { labels, value } of samples) {
    const hop = hopsOf(labels, shape).at(-1);
    if (hop) {
      const [source, destination] = hop.map((place) => identify(place, shape.graphType).id);
      times.set(pairKey(source ?? '', destination ?? ''), value);
    }
  }

  return times;
}

/** Sets the response times of all edges; 0 where none is known. */
export function setResponseTimes(graph: TrafficGraph, times: ReadonlyMap<string, number>): void {
  for (const node of graph.values()) {
    for (const edge of node.edges) {
      edge.responseTime = times.get(pairKey(node.id, edge.destination.id)) ?? 0;
    }
  }
}
