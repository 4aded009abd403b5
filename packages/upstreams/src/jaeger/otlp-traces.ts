/** A value of an attribute (OpenTelemetry Protocol, AnyValue); integers are texts. */
interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: number;
  [kind: string]: unknown;
}

interface Attribute {
  key?: string;
  value?: AnyValue;
}

interface OtlpSpan {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  name?: string;
  kind?: number | string;
  startTimeUnixNano?: string | number;
  endTimeUnixNano?: string | number;
  attributes?: Attribute[];
  events?: { timeUnixNano?: string | number; name?: string; attributes?: Attribute[] }[];
  status?: { code?: number | string; message?: string };
}

interface ResourceSpans {
  resource?: { attributes?: Attribute[] };
  scopeSpans?: { spans?: OtlpSpan[] }[];
}

/** A tag of Jaeger's own model. */
export interface Tag {
  key: string;
  type: 'bool' | 'float64' | 'int64' | 'string';
  value: boolean | number | string;
}

/** A span of Jaeger's own model; times are microseconds. */
export interface Span {
  traceID: string;
  spanID: string;
  operationName: string;
  references: { refType: 'CHILD_OF'; traceID: string; spanID: string }[];
  startTime: number;
  duration: number;
  tags: Tag[];
  logs: { timestamp: number; fields: Tag[] }[];
  processID: string;
  warnings: null;
}

/** A trace of Jaeger's own model, as its user interface and KubeSphere's console read it. */
export interface Trace {
  traceID: string;
  spans: Span[];
  processes: Record<string, { serviceName: string; tags: Tag[] }>;
  warnings: null;
}

/** Kinds of spans by their numbers (OpenTelemetry Protocol, SpanKind). */
const KINDS: Readonly<Record<string, string>> = {
  1: 'internal',
  2: 'server',
  3: 'client',
  4: 'producer',
  5: 'consumer',
};

/** The status of a span that failed (OpenTelemetry Protocol, StatusCode). */
const FAILED = new Set<unknown>([2, '2', 'STATUS_CODE_ERROR']);

const SERVICE_NAME = 'service.name';

const listOf = <T>(value: readonly T[] | undefined): readonly T[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];

function tagOf({ key, value }: Attribute): Tag {
  const { stringValue, boolValue, intValue, doubleValue } = value ?? {};
  const name = String(key ?? '');

  if (stringValue !== undefined) {
    return { key: name, type: 'string', value: String(stringValue) };
  }
  if (boolValue !== undefined) {
    return { key: name, type: 'bool', value: Boolean(boolValue) };
  }
  if (intValue !== undefined) {
    return { key: name, type: 'int64', value: Number(intValue) };
  }
  if (doubleValue !== undefined) {
    return { key: name, type: 'float64', value: Number(doubleValue) };
  }

  return { key: name, type: 'string', value: JSON.stringify(value ?? null) };
}

/** Returns the microseconds of a time in nanoseconds, which is a text as a number is not exact. */
function microseconds(nanoseconds: string | number | undefined): number {
  const text = String(nanoseconds ?? 0);
  return /^\d{1,20}$/.test(text) ? Number(BigInt(text) / 1000n) : 0;
}

function tagsOf({ attributes, kind, status }: OtlpSpan): Tag[] {
  const shown = KINDS[String(kind)] ?? /^SPAN_KIND_(\w+)$/.exec(String(kind))?.[1]?.toLowerCase();

  return [
    ...listOf(attributes).map(tagOf),
    ...(shown ? [{ key: 'span.kind', type: 'string' as const, value: shown }] : []),
    ...(FAILED.has(status?.code) ? [{ key: 'error', type: 'bool' as const, value: true }] : []),
  ];
}

function spanOf(span: OtlpSpan, processID: string): Span {
  const { traceId = '', spanId = '', parentSpanId = '', name = '' } = span;
  const startTime = microseconds(span.startTimeUnixNano);

  return {
    traceID: traceId,
    spanID: spanId,
    operationName: name,
    references:
      parentSpanId === '' ? [] : [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentSpanId }],
    startTime,
    duration: Math.max(0, microseconds(span.endTimeUnixNano) - startTime),
    tags: tagsOf(span),
    logs: listOf(span.events).map((event) => ({
      timestamp: microseconds(event.timeUnixNano),
      fields: [
        { key: 'event', type: 'string' as const, value: String(event.name ?? '') },
        ...listOf(event.attributes).map(tagOf),
      ],
    })),
    processID,
    warnings: null,
  };
}

/** Adds spans of a resource to their traces. */
function addSpans(traces: Map<string, Trace>, { resource, scopeSpans }: ResourceSpans): void {
  const tags = listOf(resource?.attributes).map(tagOf);
  const serviceName = String(tags.find(({ key }) => key === SERVICE_NAME)?.value ?? '');
  const process = { serviceName, tags: tags.filter(({ key }) => key !== SERVICE_NAME) };

  for (const span of listOf(scopeSpans).flatMap(({ spans }) => listOf(spans))) {
    const traceID = String(span.traceId ?? '');
    const trace = traces.get(traceID) ?? { traceID, spans: [], processes: {}, warnings: null };
    const known = Object.entries(trace.processes).find(([, one]) => one === process)?.[0];
    const processID = known ?? `p${Object.keys(trace.processes).length + 1}`;

    trace.processes[processID] = process;
    trace.spans.push(spanOf(span, processID));
    traces.set(traceID, trace);
  }
}

/**
 * Returns the traces of an answer of Jaeger's API v3, which has the form of the OpenTelemetry
 * Protocol, in Jaeger's own model. Fields of a wrong type are left out.
 */
export function tracesOf(answer: unknown): Trace[] {
  const { result } = (answer ?? {}) as { result?: { resourceSpans?: ResourceSpans[] } };
  const traces = new Map<string, Trace>();

  for (const resourceSpans of listOf(result?.resourceSpans)) {
    addSpans(traces, resourceSpans);
  }

  return [...traces.values()];
}
