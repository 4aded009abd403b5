import type { Workload } from '../../workloads/workloads.ts';
import { type GraphType, MeshEdge, MeshNode, type Place, type TrafficGraph } from '../graph.ts';
import { identify, keptOf, UNKNOWN } from '../node-id.ts';

/** Returns the nodes of workloads that a graph does not show. */
function missingNodes(
  graph: TrafficGraph,
  namespace: string,
  workloads: Iterable<Workload>,
  graphType: GraphType,
): MeshNode[] {
  const missing = new Map<string, MeshNode>();

  for (const { name, labels } of workloads) {
    const place: Place = {
      namespace,
      workload: name,
      app: labels.app ?? UNKNOWN,
      version: labels.version ?? UNKNOWN,
      service: '',
    };
    const identity = identify(place, graphType);

    if (!graph.has(identity.id) && !missing.has(identity.id)) {
      const node = new MeshNode(identity, keptOf(place, identity.nodeType, graphType));
      node.flags.isUnused = true;
      missing.set(node.id, node);
    }
  }

  return [...missing.values()];
}

/**
 * Adds the workloads of a namespace that have no traffic, each with an edge from whatever calls the
 * same app.
 */
export function addUnusedNodes(
  graph: TrafficGraph,
  namespace: string,
  workloads: Iterable<Workload>,
  graphType: GraphType,
): void {
  const hasNodes = graph.size > 0;

  for (const unused of missingNodes(graph, namespace, workloads, graphType)) {
    graph.set(unused.id, unused);

    for (const node of hasNodes ? graph.values() : []) {
      if (node.edges.some(({ destination }) => destination.place.app === unused.place.app)) {
        node.edges.push(new MeshEdge(node, unused, ''));
      }
    }
  }
}
