import type { Workload } from '../../workloads/workloads.ts';
import type { MeshNode, TrafficGraph } from '../graph.ts';
import { isKnown } from '../node-id.ts';
import { ISTIO_SYSTEM } from '../traffic-queries.ts';

type Workloads = ReadonlyMap<string, Workload>;

/** Returns the workloads of each app. */
function byApp(workloads: Workloads): ReadonlyMap<string, readonly Workload[]> {
  const apps = new Map<string, Workload[]>();

  for (const workload of workloads.values()) {
    const { app } = workload.labels;
    if (app !== undefined) {
      const known = apps.get(app) ?? [];
      known.push(workload);
      apps.set(app, known);
    }
  }

  return apps;
}

/** Returns the workloads that a node stands for. */
function workloadsBehind(
  { nodeType, place }: MeshNode,
  workloads: Workloads,
  apps: ReadonlyMap<string, readonly Workload[]>,
): readonly Workload[] {
  if (nodeType === 'workload') {
    const workload = workloads.get(place.workload);
    return workload ? [workload] : [];
  }

  const ofApp = nodeType === 'app' ? (apps.get(place.app) ?? []) : [];

  return isKnown(place.version)
    ? ofApp.filter(({ labels }) => labels.version === place.version)
    : ofApp;
}

/** Marks nodes of a namespace of which a workload has no sidecar. */
export function markMissingSidecars(
  graph: TrafficGraph,
  namespace: string,
  workloads: Workloads,
): void {
  const apps = byApp(workloads);

  for (const node of graph.values()) {
    const isChecked =
      node.place.namespace === namespace && namespace !== ISTIO_SYSTEM && !node.flags.isDead;

    if (isChecked && workloadsBehind(node, workloads, apps).some(({ hasSidecar }) => !hasSidecar)) {
      node.flags.hasMissingSC = true;
    }
  }
}
