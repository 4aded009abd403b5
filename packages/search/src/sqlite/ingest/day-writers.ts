import type { DocumentKind } from '../../query/documents.ts';
import { damageOf } from '../files/database.ts';
import { type DayFile, dayFile, setAside } from '../files/day-files.ts';
import type { DayWriter, Pending } from '../files/day-writer.ts';
import type { LogLine } from '../logs/log-line.ts';
import { LogWriter } from '../logs/log-writer.ts';
import type { StoredRecord } from '../records/record.ts';
import type { RecordKind } from '../records/record-columns.ts';
import { RecordWriter } from '../records/record-writer.ts';

/** Files that stay open for writing; the one that was opened first is closed first. */
const MAX_OPEN = 9;

/** Memory for pages of a file, in kilobytes. */
const CACHE_KB = 32_768;

/** Documents of one kind and day. */
export type DayDocuments =
  | { readonly kind: 'logs'; readonly day: number; readonly documents: Pending<LogLine>[] }
  | {
      readonly kind: RecordKind;
      readonly day: number;
      readonly documents: Pending<StoredRecord>[];
    };

/** Says that a damaged file was set aside. */
export type ReportSetAside = (path: string, reason: string) => void;

/** Writes documents into the files of their days. */
export class DayWriters {
  readonly #folder: string;
  readonly #onSetAside: ReportSetAside;
  readonly #logs = new Map<string, LogWriter>();
  readonly #records = new Map<string, RecordWriter>();

  constructor(folder: string, onSetAside: ReportSetAside) {
    this.#folder = folder;
    this.#onSetAside = onSetAside;
  }

  /** Stores documents; when it returns, they are kept. A damaged file is begun anew. */
  append(day: DayDocuments): void {
    const file = dayFile(this.#folder, day.kind, day.day);

    try {
      this.#write(file, day);
    } catch (error) {
      const damage = damageOf(error);
      if (!damage) {
        throw error;
      }

      this.setAside(file, damage.message);
      this.#write(file, day);
    }
  }

  #write({ path }: DayFile, day: DayDocuments): void {
    if (day.kind === 'logs') {
      const open = () => new LogWriter(path, day.day, { isDurable: false, cacheKb: CACHE_KB });
      writerOf(this.#logs, path, open).append(day.documents);
    } else {
      const { kind, day: number, documents } = day;
      // Nobody sends an audit record again that was acknowledged.
      const options = { isDurable: kind === 'auditing', cacheKb: CACHE_KB };
      writerOf(this.#records, path, () => new RecordWriter(path, kind, number, options)).append(
        documents,
      );
    }
  }

  /** Renames a damaged file. */
  setAside(file: DayFile, reason: string): void {
    this.closeFile(file.path);
    this.#onSetAside(setAside(file), reason);
  }

  /** Closes a file before it is deleted. */
  closeFile(path: string): void {
    for (const writers of [this.#logs, this.#records]) {
      writers.get(path)?.close();
      writers.delete(path);
    }
  }

  /** Closes all files. */
  close(): void {
    for (const path of [...this.#logs.keys(), ...this.#records.keys()]) {
      this.closeFile(path);
    }
  }
}

function writerOf<W extends DayWriter<never>>(
  writers: Map<string, W>,
  path: string,
  open: () => W,
): W {
  const known = writers.get(path);
  if (known) {
    return known;
  }

  const writer = open();
  writers.set(path, writer);

  const [oldest = ''] = writers.keys();
  if (writers.size > MAX_OPEN) {
    writers.get(oldest)?.close();
    writers.delete(oldest);
  }

  return writer;
}

/** Documents by kind and day, as they come in. */
export class DocumentsByDay {
  readonly #days = new Map<string, DayDocuments>();

  /** Adds a line of a log. */
  addLine(day: number, pending: Pending<LogLine>): void {
    const known = this.#days.get(`logs ${day}`);

    if (known?.kind === 'logs') {
      known.documents.push(pending);
    } else {
      this.#days.set(`logs ${day}`, { kind: 'logs', day, documents: [pending] });
    }
  }

  /** Adds an event or audit record. */
  addRecord(kind: RecordKind, day: number, pending: Pending<StoredRecord>): void {
    const known = this.#days.get(`${kind} ${day}`);

    if (known && known.kind !== 'logs') {
      known.documents.push(pending);
    } else {
      this.#days.set(`${kind} ${day}`, { kind, day, documents: [pending] });
    }
  }

  values(): Iterable<DayDocuments> {
    return this.#days.values();
  }
}

/** Whether a kind is stored as a whole. */
export function isRecordKind(kind: DocumentKind): kind is RecordKind {
  return kind !== 'logs';
}
