import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { TrafficGraph } from '../graph.ts';

/** Returns where the hosts of ServiceEntries are. */
export function locationsOf(entries: readonly KubeObject[]): Map<string, string> {
  const locations = new Map<string, string>();

  for (const { spec } of entries) {
    const { hosts, location } = (spec ?? {}) as { hosts?: unknown; location?: unknown };
    const where = location === 'MESH_INTERNAL' ? 'MESH_INTERNAL' : 'MESH_EXTERNAL';

    for (const host of Array.isArray(hosts) ? hosts : []) {
      locations.set(String(host), where);
    }
  }

  return locations;
}

/** Marks services that send nothing and that a ServiceEntry has added to the mesh. */
export function markServiceEntries(
  graph: TrafficGraph,
  locations: ReadonlyMap<string, string>,
): void {
  for (const node of graph.values()) {
    if (node.nodeType === 'service' && node.edges.length === 0) {
      node.serviceEntry = locations.get(node.place.service) ?? node.serviceEntry;
    }
  }
}
