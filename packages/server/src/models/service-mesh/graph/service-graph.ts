import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { MeshEdge, type MeshNode, type TrafficGraph } from './graph.ts';
import { addRates } from './rates.ts';

/** Returns an edge with the same numbers: those of the original must not change. */
function copyOf(edge: MeshEdge): MeshEdge {
  const copy = new MeshEdge(edge.source, edge.destination, edge.protocol);

  addRates(copy.rates, edge.rates);
  copy.responseTime = edge.responseTime;
  copy.mutualTls = edge.mutualTls;

  return copy;
}

const toServices = (edges: readonly MeshEdge[]) =>
  edges.filter(({ destination }) => destination.nodeType === 'service');

/** Returns the edges of a service: those of the workloads that answer for it, summed. */
function edgesOfService(service: MeshNode): MeshEdge[] {
  const edges = new Map<string, MeshEdge>();

  for (const { destination: workload } of service.edges) {
    if (workload.nodeType !== 'workload') {
      throw new StatusError(
        500,
        'InternalError',
        `Expected nodeType [workload] for node [${workload.id}]`,
      );
    }

    for (const edge of toServices(workload.edges)) {
      const key = `${edge.destination.id}\n${edge.protocol}`;
      const known = edges.get(key);

      if (known) {
        addRates(known.rates, edge.rates);
      } else {
        edges.set(key, copyOf(edge));
      }
    }
  }

  return [...edges.values()];
}

/**
 * Returns the graph of services alone: workloads between two of them are left out, those at the
 * roots are kept. Throws an internal error where something else than a workload answers.
 */
export function serviceGraphOf(graph: TrafficGraph): TrafficGraph {
  const services = [...graph.values()].filter(({ nodeType }) => nodeType === 'service');
  const edges = services.map((service) => edgesOfService(service));
  const reduced: TrafficGraph = new Map();

  for (const [index, service] of services.entries()) {
    service.edges = edges[index] ?? [];
    reduced.set(service.id, service);
  }

  for (const node of graph.values()) {
    if (node.nodeType !== 'service' && node.flags.isRoot) {
      node.edges = toServices(node.edges);
      reduced.set(node.id, node);
    }
  }

  return reduced;
}
