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

/** Returns the nodes that call something of an app, by the apps. */
function callersByApp(graph: TrafficGraph): ReadonlyMap<string, ReadonlySet<MeshNode>> {
  const callers = new Map<string, Set<MeshNode>>();

  for (const node of graph.values()) {
    for (const { destination } of node.edges) {
      const { app } = destination.place;
      callers.set(app, (callers.get(app) ?? new Set()).add(node));
    }
  }

  return callers;
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
  const callers = callersByApp(graph);

  for (const unused of missingNodes(graph, namespace, workloads, graphType)) {
    graph.set(unused.id, unused);

    for (const node of callers.get(unused.place.app) ?? []) {
      node.edges.push(new MeshEdge(node, unused, ''));
    }
  }
}
