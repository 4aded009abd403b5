import { createHash } from 'node:crypto';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import type { MeshEdge, MeshNode, ProtocolRates, TrafficGraph } from './graph.ts';
import type { GraphOptions } from './options.ts';
import { PROTOCOLS, type Protocol, RATE_NAMES } from './rates.ts';

/** Numbers of one protocol as texts. */
export interface ProtocolTraffic {
  readonly protocol: string;
  readonly rates: Readonly<Record<string, string>> | null;
}

/** A node as Cytoscape, which draws graphs, reads it; empty and false fields are left out. */
export interface NodeData {
  id: string;
  parent?: string;
  nodeType: string;
  namespace: string;
  workload?: string;
  app?: string;
  version?: string;
  service?: string;
  destServices?: Record<string, true>;
  traffic?: ProtocolTraffic[];
  hasCB?: true;
  hasMissingSC?: true;
  hasVS?: true;
  isDead?: true;
  isGroup?: string;
  isInaccessible?: true;
  isMisconfigured?: string;
  isOutside?: true;
  isRoot?: true;
  isServiceEntry?: string;
  isUnused?: true;
}

/** An edge as Cytoscape reads it. */
export interface EdgeData {
  id: string;
  source: string;
  target: string;
  traffic: ProtocolTraffic;
  responseTime?: string;
  isMTLS?: string;
  isUnused?: true;
}

/** A graph as Cytoscape reads it. */
export interface GraphAnswer {
  timestamp: number;
  duration: number;
  graphType: string;
  elements: { nodes: { data: NodeData }[]; edges: { data: EdgeData }[] };
}

/** Returns the id of something in an answer. */
export function hashOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** Returns the numbers that are more than nothing as texts, by name. */
function texts(values: readonly (readonly [string, number, number])[]): Record<string, string> {
  const shown = values.filter(([, value]) => value > 0 && Number.isFinite(value));
  return Object.fromEntries(shown.map(([name, value, digits]) => [name, value.toFixed(digits)]));
}

const isEmpty = (rates: Record<string, string>) => Object.keys(rates).length === 0;

function nodeTraffic(rates: ProtocolRates): ProtocolTraffic[] {
  return PROTOCOLS.flatMap((protocol) => {
    const { in: incoming, inParts, out } = RATE_NAMES[protocol];
    const shown = texts(
      [incoming, ...inParts, out].map((name) => [name, rates.get(name) ?? 0, 2] as const),
    );

    return isEmpty(shown) ? [] : [{ protocol, rates: shown }];
  });
}

/** Returns an edge's numbers of a protocol, and its shares in percent. */
function edgeRates(protocol: Protocol, { rates, source }: MeshEdge): Record<string, string> {
  const { all, parts, failed, failedShare, share, out } = RATE_NAMES[protocol];
  const total = rates.get(all) ?? 0;
  const failures = failed.reduce((sum, name) => sum + (rates.get(name) ?? 0), 0);
  const sent = source.rates.get(out) ?? 0;

  return texts([
    ...[all, ...parts].map((name) => [name, rates.get(name) ?? 0, 2] as const),
    ...(failedShare ? [[failedShare, (failures / total) * 100, 1] as const] : []),
    ...(share ? [[share, (total / sent) * 100, 1] as const] : []),
  ]);
}

function edgeTraffic(edge: MeshEdge): ProtocolTraffic {
  for (const protocol of PROTOCOLS) {
    const rates = edgeRates(protocol, edge);
    if (!isEmpty(rates)) {
      return { protocol, rates };
    }
  }

  return { protocol: '', rates: null };
}

/** Returns those fields of an object that are neither undefined nor empty texts. */
function filled<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as Partial<T>;
}

function nodeData(node: MeshNode): NodeData {
  const { namespace, workload, app, version, service } = node.place;
  const { hasCB, hasMissingSC, hasVS, isDead, isInaccessible, isOutside, isRoot, isUnused } =
    node.flags;
  const services = [...node.destServices].sort();
  const traffic = nodeTraffic(node.rates);

  return {
    id: hashOf(node.id),
    nodeType: node.nodeType,
    namespace,
    ...filled({
      workload,
      app,
      version,
      service,
      destServices:
        services.length > 0
          ? Object.fromEntries(services.map((name) => [name, true as const]))
          : undefined,
      traffic: traffic.length > 0 ? traffic : undefined,
      hasCB,
      hasMissingSC,
      hasVS,
      isDead,
      isInaccessible,
      isMisconfigured: node.misconfigured,
      isOutside,
      isRoot,
      isServiceEntry: node.serviceEntry,
      isUnused,
    }),
  } as NodeData;
}

function edgeData(node: MeshNode, edge: MeshEdge): EdgeData {
  const source = hashOf(node.id);
  const target = hashOf(edge.destination.id);

  return {
    id: hashOf(`${source}.${target}.${edge.protocol}`),
    source,
    target,
    traffic: edgeTraffic(edge),
    ...filled({
      responseTime: edge.responseTime?.toFixed(0),
      isMTLS: edge.mutualTls?.toFixed(0),
      isUnused: edge.source.flags.isUnused,
    }),
  } as EdgeData;
}

/** Compares nodes as 3.0 lists them. */
function byPlace(a: NodeData, b: NodeData): number {
  return (
    compareText(a.namespace, b.namespace) ||
    compareText(b.isGroup ?? '', a.isGroup ?? '') ||
    compareText(a.app ?? '', b.app ?? '') ||
    compareText(a.version ?? '', b.version ?? '') ||
    compareText(a.service ?? '', b.service ?? '') ||
    compareText(a.workload ?? '', b.workload ?? '')
  );
}

/** Returns the answer for a graph; `groupsOf` makes groups of its nodes, and marks their members. */
export function answerOf(
  graph: TrafficGraph,
  { queryTime, durationSeconds, graphType }: GraphOptions,
  groupsOf: (nodes: readonly NodeData[]) => NodeData[],
): GraphAnswer {
  const nodes = [...graph.values()].map(nodeData);
  const edges = [...graph.values()].flatMap((node) =>
    node.edges.map((edge) => edgeData(node, edge)),
  );

  nodes.push(...groupsOf(nodes));
  nodes.sort(byPlace);
  edges.sort((a, b) => compareText(a.source, b.source) || compareText(a.target, b.target));

  return {
    timestamp: queryTime,
    duration: durationSeconds,
    graphType,
    elements: {
      nodes: nodes.map((data) => ({ data })),
      edges: edges.map((data) => ({ data })),
    },
  };
}
