import type { DocumentKind } from '../../query/documents.ts';
import { dayOf } from '../../time/document-ids.ts';
import type { DocumentTime } from '../../time/document-time.ts';
import { hashOf } from '../files/document-hash.ts';
import { logLineOf } from '../logs/log-line.ts';
import { recordOf } from '../records/record.ts';
import { type DocumentsByDay, isRecordKind } from './day-writers.ts';

const DAY_MS = 86_400_000;

/** A document that is to be stored. */
export interface NewDocument {
  readonly kind: DocumentKind;
  readonly json: string;
  /** By which it is recognised when it comes again; undefined to store it each time. */
  readonly id: string | undefined;
}

/** Why a document is not stored. */
export class DocumentError extends Error {
  override name = 'DocumentError';
}

function parsed(json: string): Record<string, unknown> {
  let value: unknown;

  try {
    value = JSON.parse(json);
  } catch {
    throw new DocumentError('it is no JSON');
  }

  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DocumentError('it is no object');
  }

  return { ...value };
}

/** Sorts documents by the days of their times. */
export class DocumentSorter {
  readonly #retentionDays: number;

  /** Documents of more than `retentionDays` days ago are too old to be stored. */
  constructor(retentionDays: number) {
    this.#retentionDays = retentionDays;
  }

  /**
   * Adds a document to those of its day; one of a time more than a day ahead, as of a wrong clock,
   * counts as of now. Returns false for one that is too old. Throws a DocumentError.
   */
  sort({ kind, json, id }: NewDocument, days: DocumentsByDay): boolean {
    const document = parsed(json);
    const hash = id === undefined ? undefined : hashOf(id);
    const now: DocumentTime = { ms: Date.now(), nanos: 0, digits: 3, zone: 'Z' };
    const timeOf = (time: DocumentTime) => (time.ms > now.ms + DAY_MS ? now : time);
    const isKept = ({ ms }: DocumentTime) => dayOf(ms) > dayOf(now.ms) - this.#retentionDays;

    if (isRecordKind(kind)) {
      const record = recordOf(kind, json, document, now);
      const time = timeOf(record.time);

      if (isKept(time)) {
        days.addRecord(kind, dayOf(time.ms), { document: { ...record, time }, hash });
      }
      return isKept(time);
    }

    const line = logLineOf(document, now);
    const time = timeOf(line.time);

    if (isKept(time)) {
      days.addLine(dayOf(time.ms), { document: { ...line, time }, hash });
    }

    return isKept(time);
  }
}
