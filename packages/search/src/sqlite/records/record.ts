import { type DocumentTime, parseTime } from '../../time/document-time.ts';
import { type RecordKind, valueAt } from './record-columns.ts';

/** A document that is stored as a whole. */
export interface StoredRecord {
  readonly time: DocumentTime;
  /** Its JSON as it came. */
  readonly json: string;
  readonly document: unknown;
}

/** Paths of the times of a document, the first that it has counts. */
const TIMES: Readonly<Record<RecordKind, readonly string[]>> = {
  events: [
    'lastTimestamp',
    'series.lastObservedTime',
    'eventTime',
    'firstTimestamp',
    'metadata.creationTimestamp',
    '@timestamp',
  ],
  auditing: ['RequestReceivedTimestamp', 'StageTimestamp', '@timestamp'],
};

/** Reads a document. `now` is the time of documents without one. */
export function recordOf(
  kind: RecordKind,
  json: string,
  document: unknown,
  now: DocumentTime,
): StoredRecord {
  for (const path of TIMES[kind]) {
    const time = parseTime(valueAt(document, path));
    if (time) {
      return { time, json, document };
    }
  }

  return { time: now, json, document };
}
