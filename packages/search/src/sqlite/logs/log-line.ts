import { type DocumentTime, formatTime, parseTime } from '../../time/document-time.ts';

/** A line of a log as it is stored. */
export interface LogLine {
  readonly time: DocumentTime;
  readonly log: string;
  readonly namespace: string;
  /** JSON of what the collector tells about the container; '' for nothing. */
  readonly kubernetes: string;
  /** JSON of all other fields; undefined without any. */
  readonly extra: string | undefined;
}

/** Names of Vector's fields, by those of Fluent Bit. */
const OTHER_NAMES = {
  namespace_name: 'pod_namespace',
  docker_id: 'container_id',
} as const;

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the container's fields under the names of Fluent Bit. */
function named(kubernetes: Fields): Fields {
  const missing = Object.entries(OTHER_NAMES).filter(
    ([name, other]) => kubernetes[name] === undefined && kubernetes[other] !== undefined,
  );

  return missing.length === 0
    ? kubernetes
    : {
        ...kubernetes,
        ...Object.fromEntries(missing.map(([name, other]) => [name, kubernetes[other]])),
      };
}

/** Returns the text of a field, or its JSON. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Reads a document of a collector: Fluent Bit's, or one with Vector's names. `now` is the time of
 * documents without one. `@timestamp` is not kept: it repeats the time.
 */
export function logLineOf(document: Fields, now: DocumentTime): LogLine {
  const { log, message, time, timestamp, '@timestamp': at, kubernetes, ...others } = document;
  const container = isFields(kubernetes) ? named(kubernetes) : undefined;
  const hasOthers = Object.keys(others).length > 0;

  return {
    time: parseTime(time) ?? parseTime(timestamp) ?? parseTime(at) ?? now,
    log: textOf(log ?? message),
    namespace: textOf(container?.namespace_name),
    kubernetes: container ? JSON.stringify(container) : '',
    extra: hasOthers ? JSON.stringify(others) : undefined,
  };
}

/** Returns the number in which a line keeps what its id does not say of its time. */
export function restOf({ ms, nanos, digits }: DocumentTime, msOfId: number): number {
  return ((ms - msOfId) * 1e6 + nanos) * 10 + digits;
}

/** Returns the text of a line's time, from the millisecond of its id. */
export function timeOf(msOfId: number, rest: number, zone: string): string {
  const nanoseconds = Math.floor(rest / 10);
  const ms = msOfId + Math.floor(nanoseconds / 1e6);
  const nanos = ((nanoseconds % 1e6) + 1e6) % 1e6;

  return formatTime({ ms, nanos, digits: ((rest % 10) + 10) % 10, zone });
}
