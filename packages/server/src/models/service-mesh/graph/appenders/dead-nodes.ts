import type { Workload } from '../../workloads/workloads.ts';
import type { MeshNode, TrafficGraph } from '../graph.ts';
import { isKnown } from '../node-id.ts';
import { hasFailures, hasTraffic } from '../rates.ts';

/** A service of which only failures are worth showing: nothing answers behind it. */
function isDeadService(node: MeshNode): boolean {
  return node.edges.length === 0 && node.serviceEntry === undefined && !hasFailures(node);
}

/**
 * Removes nodes without traffic whose workload no longer exists, and services that nothing answers
 * for; marks workloads without traffic that have no pods.
 */
export function removeDeadNodes(
  graph: TrafficGraph,
  workloads: ReadonlyMap<string, Workload>,
): void {
  for (const [id, node] of graph) {
    if (node.nodeType === 'service') {
      if (isDeadService(node)) {
        graph.delete(id);
      }
      continue;
    }

    const isKept = node.nodeType !== 'unknown' && !isKnown(node.place.workload);
    if (isKept || hasTraffic(node)) {
      continue;
    }

    const workload = workloads.get(node.place.workload);

    if (!workload) {
      graph.delete(id);
    } else if (workload.podCount === 0) {
      node.flags.isDead = true;
    }
  }

  for (const node of graph.values()) {
    node.edges = node.edges.filter(({ destination }) => graph.has(destination.id));
  }
}
