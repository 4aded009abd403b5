/** Types of nodes. */
export type NodeType = 'app' | 'service' | 'unknown' | 'workload';

/** Id and type of a node. */
export interface NodeIdentity {
  readonly id: string;
  readonly nodeType: NodeType;
}

/** Numbers per second by the names that answers use, such as `httpIn`. */
export type ProtocolRates = Map<string, number>;

/** What a node of a graph stands for; fields that do not count for its type are empty. */
export interface Place {
  namespace: string;
  workload: string;
  app: string;
  version: string;
  service: string;
}

/** Types of graphs: what their nodes are. */
export type GraphType = 'app' | 'service' | 'versionedApp' | 'workload';

/** A node of a graph: something that sends or receives requests. */
export class MeshNode {
  readonly id: string;
  readonly nodeType: NodeType;
  readonly place: Place;
  /** Edges to other nodes, in the order in which they were found. */
  edges: MeshEdge[] = [];
  /** Requests and bytes per second. */
  readonly rates: ProtocolRates = new Map();
  /** Services by which requests come; the empty name stands for none. */
  readonly destServices = new Set<string>();
  /** Where a ServiceEntry says that the service is. */
  serviceEntry: string | undefined;
  /** Which labels differ between the samples of the node. */
  misconfigured: string | undefined;
  readonly flags: Partial<Record<NodeFlag, true>> = {};

  constructor({ id, nodeType }: NodeIdentity, place: Place) {
    this.id = id;
    this.nodeType = nodeType;
    this.place = place;
  }
}

/** What nodes are marked with. */
export type NodeFlag =
  | 'hasCB'
  | 'hasMissingSC'
  | 'hasVS'
  | 'isDead'
  | 'isInaccessible'
  | 'isOutside'
  | 'isRoot'
  | 'isUnused';

/** Traffic of one protocol from a node to another. */
export class MeshEdge {
  /** Where the traffic comes from: shares of its requests are meant. */
  source: MeshNode;
  readonly destination: MeshNode;
  /** Empty for an edge without traffic. */
  readonly protocol: string;
  readonly rates: ProtocolRates = new Map();
  /** Milliseconds. */
  responseTime: number | undefined;
  /** Percent of the requests that are encrypted. */
  mutualTls: number | undefined;

  constructor(source: MeshNode, destination: MeshNode, protocol: string) {
    this.source = source;
    this.destination = destination;
    this.protocol = protocol;
  }
}

/** Nodes by their ids. */
export type TrafficGraph = Map<string, MeshNode>;

/** Returns the key of what is known about the traffic between two nodes. */
export function pairKey(source: string, destination: string): string {
  return `${source}\n${destination}`;
}
