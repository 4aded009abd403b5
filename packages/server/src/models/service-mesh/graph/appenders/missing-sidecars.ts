import type { Workload } from '../../workloads/workloads.ts';
import type { MeshNode, TrafficGraph } from '../graph.ts';
import { isKnown } from '../node-id.ts';
import { ISTIO_SYSTEM } from '../traffic-queries.ts';

/** Returns the workloads that a node stands for. */
function workloadsBehind(
  { nodeType, place }: MeshNode,
  workloads: ReadonlyMap<string, Workload>,
): Workload[] {
  if (nodeType === 'workload') {
    const workload = workloads.get(place.workload);
    return workload ? [workload] : [];
  }

  if (nodeType !== 'app') {
    return [];
  }

  return [...workloads.values()].filter(
    ({ labels }) =>
      labels.app === place.app && (!isKnown(place.version) || labels.version === place.version),
  );
}

/** Marks nodes of a namespace of which a workload has no sidecar. */
export function markMissingSidecars(
  graph: TrafficGraph,
  namespace: string,
  workloads: ReadonlyMap<string, Workload>,
): void {
  for (const node of graph.values()) {
    const isChecked =
      node.place.namespace === namespace && namespace !== ISTIO_SYSTEM && !node.flags.isDead;

    if (isChecked && workloadsBehind(node, workloads).some(({ hasSidecar }) => !hasSidecar)) {
      node.flags.hasMissingSC = true;
    }
  }
}
