/** A named value of a node. */
export interface NodeField {
  id: string;
  label: string;
  value: string;
  priority: number;
}

/** A table of a node, such as its network policies. */
export interface NodeTable {
  id: string;
  label: string;
  type: 'multicolumn-table';
  columns: readonly { id: string; label: string }[];
  rows: readonly { id: string; entries: Record<string, string> }[];
}

/** A node of a topology as Weave Scope's API describes it. */
export interface NodeSummary {
  id: string;
  label: string;
  /** What is told below the label, such as the number of pods. */
  labelMinor: string;
  /** Nodes of the same rank are drawn alike. */
  rank: string;
  shape: string;
  /** Whether the node stands for several of a kind. */
  stack: boolean;
  metadata: readonly NodeField[];
  parents: readonly { id: string; label: string; topologyId: string }[];
  metrics: readonly never[];
  tables: readonly NodeTable[];
  /** Ids of the nodes to which this one leads. */
  adjacency: readonly string[];
}

/** One side of the connections of a node. */
export interface NodeConnections {
  id: 'incoming-connections' | 'outgoing-connections';
  topologyId: string;
  label: string;
  columns: readonly never[];
  connections: readonly { id: string; nodeId: string; label: string; labelMinor: string }[];
}

/** A node with what is inside and around it. */
export interface NodeDetails extends NodeSummary {
  controls: readonly never[];
  children: readonly {
    id: string;
    label: string;
    topologyId: string;
    columns: readonly { id: string; label: string }[];
    nodes: readonly NodeSummary[];
  }[];
  connections: readonly NodeConnections[];
}

/** Returns fields in their order of importance; those without a value are left out. */
export function nodeFields(
  values: readonly (readonly [id: string, label: string, value: string])[],
): NodeField[] {
  return values
    .filter(([, , value]) => value !== '')
    .map(([id, label, value], index) => ({ id, label, value, priority: index + 1 }));
}

/** Returns the number of things in words: `1 pod`, `3 pods`. */
export function counted(count: number, singular: string): string {
  return `${count} ${singular}${count === 1 ? '' : 's'}`;
}
