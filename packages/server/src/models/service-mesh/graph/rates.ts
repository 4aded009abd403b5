import type { MeshEdge, MeshNode, ProtocolRates } from './graph.ts';

/** Protocols of which there are numbers, in the order in which answers list them. */
export const PROTOCOLS = ['grpc', 'http', 'tcp'] as const;

/** A protocol of which there are numbers. */
export type Protocol = (typeof PROTOCOLS)[number];

/** Names of a protocol's numbers. */
export interface RateNames {
  /** Numbers of nodes: what comes in, parts of it, and what goes out. */
  readonly in: string;
  readonly inParts: readonly string[];
  readonly out: string;
  /** Numbers of edges: all, and parts of it. */
  readonly all: string;
  readonly parts: readonly string[];
  /** Those of the parts that count as failed, of nodes and of edges. */
  readonly inFailed: readonly string[];
  readonly failed: readonly string[];
  /** Shares of edges in percent: of failed requests, and of all that their source sends. */
  readonly failedShare: string | undefined;
  readonly share: string | undefined;
}

/** Names of the numbers of each protocol, as answers use them. */
export const RATE_NAMES: Readonly<Record<Protocol, RateNames>> = {
  grpc: {
    in: 'grpcIn',
    inParts: ['grpcInErr'],
    out: 'grpcOut',
    all: 'grpc',
    parts: ['grpcErr'],
    inFailed: ['grpcInErr'],
    failed: ['grpcErr'],
    failedShare: 'grpcPercentErr',
    share: 'grpcPercentReq',
  },
  http: {
    in: 'httpIn',
    inParts: ['httpIn3xx', 'httpIn4xx', 'httpIn5xx'],
    out: 'httpOut',
    all: 'http',
    parts: ['http3xx', 'http4xx', 'http5xx'],
    inFailed: ['httpIn4xx', 'httpIn5xx'],
    failed: ['http4xx', 'http5xx'],
    failedShare: 'httpPercentErr',
    share: 'httpPercentReq',
  },
  tcp: {
    in: 'tcpIn',
    inParts: [],
    out: 'tcpOut',
    all: 'tcp',
    parts: [],
    inFailed: [],
    failed: [],
    failedShare: undefined,
    share: undefined,
  },
};

/** Adds to a number; what is not more than nothing leaves no trace. */
function add(rates: ProtocolRates, name: string, value: number): void {
  if (value > 0) {
    rates.set(name, (rates.get(name) ?? 0) + value);
  }
}

/** Whether a protocol is one of which there are numbers. */
export function isProtocol(protocol: string): protocol is Protocol {
  return (PROTOCOLS as readonly string[]).includes(protocol);
}

/** Returns what follows the name of a number for answers with a code: `4xx`, `Err` or nothing. */
function partOf(protocol: Protocol, code: string): string {
  if (protocol === 'http') {
    return /^[345]/.test(code) ? `${code.charAt(0)}xx` : '';
  }

  if (protocol === 'grpc') {
    const isFailed = code.length === 3 ? /^[45]/.test(code) : code !== '0';
    return isFailed ? 'Err' : '';
  }

  return '';
}

/** Adds the traffic of a sample to an edge and to its two nodes. */
export function addTraffic(
  { source, destination, protocol, rates }: MeshEdge,
  { value, code }: { value: number; code: string },
): void {
  if (!isProtocol(protocol)) {
    return;
  }

  const names = RATE_NAMES[protocol];
  const part = partOf(protocol, code);

  add(source.rates, names.out, value);
  add(destination.rates, names.in, value);
  add(rates, names.all, value);

  if (part !== '') {
    add(destination.rates, names.in + part, value);
    add(rates, names.all + part, value);
  }
}

/** Adds the numbers of an edge to what its source sends. */
export function addOutgoing(source: MeshNode, edge: MeshEdge): void {
  if (isProtocol(edge.protocol)) {
    const { out, all } = RATE_NAMES[edge.protocol];
    add(source.rates, out, edge.rates.get(all) ?? 0);
  }
}

/** Adds the numbers of an edge to those of another. */
export function addRates(to: ProtocolRates, from: ProtocolRates): void {
  for (const [name, value] of from) {
    add(to, name, value);
  }
}

/** Whether a node sends or receives anything. */
export function hasTraffic({ rates }: MeshNode): boolean {
  return PROTOCOLS.some((protocol) => {
    const names = RATE_NAMES[protocol];
    return (rates.get(names.in) ?? 0) > 0 || (rates.get(names.out) ?? 0) > 0;
  });
}

/** Whether requests to a node fail. */
export function hasFailures({ rates }: MeshNode): boolean {
  return PROTOCOLS.some((protocol) =>
    RATE_NAMES[protocol].inFailed.some((name) => (rates.get(name) ?? 0) > 0),
  );
}
