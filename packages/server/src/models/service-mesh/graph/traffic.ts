import type { LabelSet } from '@ks-apiserver/promql/query-api';
import type { Sample } from '../query/results.ts';
import { type GraphType, MeshEdge, MeshNode, type Place, type TrafficGraph } from './graph.ts';
import { identify, isKnown, keptOf } from './node-id.ts';
import { addTraffic } from './rates.ts';

/** How a graph shows traffic. */
export interface GraphShape {
  readonly graphType: GraphType;
  /** Whether services stand between those who call them and those who answer. */
  readonly injectServiceNodes: boolean;
}

/** Where traffic comes from and goes to: one step, or two by way of a service. */
export type Hop = readonly [source: Place, destination: Place];

const SOURCE = ['source_workload_namespace', 'source_workload', 'source_app', 'source_version'];
const DESTINATION = [
  'destination_service_name',
  'destination_workload',
  'destination_app',
  'destination_version',
];

/** Protocol of samples of bytes. */
export const TCP = 'tcp';

/**
 * Returns the steps of a sample's traffic; none for a sample that lacks one of the labels that
 * name its ends.
 */
export function hopsOf(labels: LabelSet, shape: GraphShape): readonly Hop[] {
  // Of bytes from outside of the mesh, Istio knows the workload's namespace alone.
  const namespace = labels.destination_service_namespace ?? labels.destination_workload_namespace;
  if (namespace === undefined || [...SOURCE, ...DESTINATION].some((name) => !labels[name])) {
    return [];
  }

  const source: Place = {
    namespace: labels.source_workload_namespace ?? '',
    workload: labels.source_workload ?? '',
    app: labels.source_app ?? '',
    version: labels.source_version ?? '',
    service: '',
  };

  const destination: Place = {
    namespace,
    workload: labels.destination_workload ?? '',
    app: labels.destination_app ?? '',
    version: labels.destination_version ?? '',
    service: labels.destination_service_name ?? '',
  };

  const isInjected =
    shape.injectServiceNodes &&
    isKnown(destination.service) &&
    identify(destination, shape.graphType).nodeType !== 'service';

  if (!isInjected) {
    return [[source, destination]];
  }

  const service: Place = { ...destination, workload: '', app: '', version: '' };

  return [
    [source, service],
    [service, destination],
  ];
}

/** Builds the graph of a namespace from samples. */
export class TrafficBuilder {
  readonly graph: TrafficGraph = new Map();
  readonly #shape: GraphShape;
  readonly #edges = new Map<string, MeshEdge>();

  constructor(shape: GraphShape) {
    this.#shape = shape;
  }

  /**
   * Adds samples of requests; with a protocol, of bytes. Throws an internal error for a sample that
   * the graph cannot show.
   */
  add(samples: readonly Sample[], protocol?: string): this {
    for (const { labels, value } of samples) {
      const { request_protocol: ofSample, response_code: code } = labels;
      if (protocol === undefined && (!ofSample || !code)) {
        continue;
      }

      for (const hop of hopsOf(labels, this.#shape)) {
        const edge = this.#edge(hop, protocol ?? ofSample ?? '', value);
        addTraffic(edge, { value, code: code ?? '' });
      }
    }

    return this;
  }

  #edge([from, to]: Hop, protocol: string, value: number): MeshEdge {
    const source = this.#node(from, value);
    const destination = this.#node(to, value);
    destination.destServices.add(to.service);

    const key = `${source.id}\n${destination.id}\n${protocol}`;
    // As in 3.0, each sample of bytes has an edge of its own.
    const known = protocol === TCP ? undefined : this.#edges.get(key);
    if (known) {
      return known;
    }

    const edge = new MeshEdge(source, destination, protocol);
    source.edges.push(edge);
    this.#edges.set(key, edge);

    return edge;
  }

  #node(place: Place, value: number): MeshNode {
    const { graphType } = this.#shape;
    const identity = identify(place, graphType);
    const known = this.graph.get(identity.id);
    if (known) {
      this.#noteLabels(known, place, value);
      return known;
    }

    const node = new MeshNode(identity, keptOf(place, identity.nodeType, graphType));
    this.graph.set(node.id, node);

    return node;
  }

  /** Marks a node of which samples have different labels; those with traffic count. */
  #noteLabels(node: MeshNode, { app, version }: Place, value: number): void {
    const isVersioned = node.nodeType === 'app' && this.#shape.graphType === 'versionedApp';
    if (node.nodeType !== 'workload' && !isVersioned) {
      return;
    }

    const differing = [
      ...(node.place.app === app ? [] : ['app']),
      ...(node.place.version === version ? [] : ['version']),
    ];
    if (differing.length === 0) {
      return;
    }

    node.misconfigured = `labels=[${differing.join(' ')}]`;

    if (value > 0) {
      node.place.app = app;
      node.place.version = version;
    }
  }
}
