import type { MeshNode, TrafficGraph } from './graph.ts';
import { UNKNOWN } from './node-id.ts';
import { addOutgoing } from './rates.ts';

/** Adds the edges of another node of the same id that a node does not have. */
function addEdges(node: MeshNode, other: MeshNode): void {
  const known = new Set(
    node.edges.map(({ destination, protocol }) => `${destination.id}\n${protocol}`),
  );

  for (const edge of other.edges) {
    if (!known.has(`${edge.destination.id}\n${edge.protocol}`)) {
      edge.source = node;
      node.edges.push(edge);
      addOutgoing(node, edge);
    }
  }
}

/**
 * Adds the graph of a namespace to that of others. Of a node that both have, the one counts that
 * its own namespace's graph shows.
 */
export function mergeInto(graph: TrafficGraph, added: TrafficGraph, namespace: string): void {
  for (const [id, node] of added) {
    const known = graph.get(id);

    if (!known) {
      graph.set(id, node);
    } else if (node.place.namespace === namespace) {
      graph.set(id, node);
      addEdges(node, known);
    } else {
      addEdges(known, node);
    }
  }
}

/** Marks nodes that are in none of the namespaces that were asked for. */
export function markOutside(
  graph: TrafficGraph,
  asked: ReadonlySet<string>,
  accessible: ReadonlySet<string>,
): void {
  for (const { nodeType, place, flags, serviceEntry } of graph.values()) {
    if (nodeType === 'unknown' || serviceEntry !== undefined) {
      flags.isInaccessible = true;
    } else if (place.namespace !== UNKNOWN && !asked.has(place.namespace)) {
      flags.isOutside = true;

      if (!accessible.has(place.namespace)) {
        flags.isInaccessible = true;
      }
    }
  }
}

/** Marks nodes that send and that nobody sends to. */
export function markRoots(graph: TrafficGraph): void {
  const called = new Set<string>();

  for (const { edges } of graph.values()) {
    for (const { destination } of edges) {
      called.add(destination.id);
    }
  }

  for (const { id, edges, flags } of graph.values()) {
    if (edges.length > 0 && !called.has(id)) {
      flags.isRoot = true;
    }
  }
}
