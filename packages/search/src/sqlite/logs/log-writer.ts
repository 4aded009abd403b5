import { indexedText } from '../../text/words.ts';
import { msOf } from '../../time/document-ids.ts';
import {
  type Connection,
  type OpenOptions,
  openForWriting,
  type Statement,
} from '../files/database.ts';
import type { DayWriter, Pending } from '../files/day-writer.ts';
import { IdAssigner } from '../files/id-assigner.ts';
import { type LogLine, restOf } from './log-line.ts';
import { LOG_SCHEMA, namespaceWord } from './log-schema.ts';
import { SourceTable } from './source-ids.ts';

const MINUTE_MS = 60_000;

/** Writes lines into the file of a day. */
export class LogWriter implements DayWriter<LogLine> {
  readonly #connection: Connection;
  readonly #ids: IdAssigner;
  readonly #sources: SourceTable;
  readonly #see: Statement;
  readonly #insertLine: Statement;
  readonly #insertWords: Statement;
  readonly #count: Statement;

  /** Throws a DamagedFileError. */
  constructor(path: string, options: OpenOptions) {
    const connection = openForWriting(path, LOG_SCHEMA, options);

    this.#connection = connection;
    this.#ids = new IdAssigner(connection, 'line');
    this.#sources = new SourceTable(connection);
    this.#see = connection.prepare('INSERT OR IGNORE INTO seen VALUES (?)');
    this.#insertLine = connection.prepare('INSERT INTO line VALUES (?, ?, ?, ?, ?)');
    this.#insertWords = connection.prepare(
      'INSERT INTO words (rowid, log, namespace) VALUES (?, ?, ?)',
    );
    this.#count = connection.prepare(
      `INSERT INTO minute VALUES (?, ?, ?)
       ON CONFLICT (minute, source) DO UPDATE SET lines = lines + excluded.lines`,
    );
  }

  append(documents: readonly Pending<LogLine>[]): void {
    // In the order of time: the index of words is written at once for ids that only grow.
    const sorted = documents.toSorted((a, b) => a.document.time.ms - b.document.time.ms);

    this.#connection.exec('BEGIN IMMEDIATE');

    try {
      this.#write(sorted);
      this.#connection.exec('COMMIT');
    } catch (error) {
      this.#sources.forget();
      if (this.#connection.inTransaction) {
        this.#connection.exec('ROLLBACK');
      }
      throw error;
    } finally {
      this.#ids.reset();
    }
  }

  #write(documents: readonly Pending<LogLine>[]): void {
    /** Lines by minute and source. */
    const minutes = new Map<number, Map<number, number>>();

    for (const { document, hash } of documents) {
      if (hash !== undefined && this.#see.run(hash).changes === 0) {
        continue;
      }

      const { source, namespace } = this.#sources.idsOf(document);
      const id = this.#ids.assign(document.time.ms);
      const { log, extra = null } = document;

      this.#insertLine.run(id, source, restOf(document.time, id), log, extra);
      this.#insertWords.run(id, indexedText(log), namespaceWord(namespace));

      const minute = Math.floor(msOf(id) / MINUTE_MS);
      const sources = minutes.get(minute) ?? new Map<number, number>();
      minutes.set(minute, sources.set(source, (sources.get(source) ?? 0) + 1));
    }

    for (const [minute, sources] of minutes) {
      for (const [source, lines] of sources) {
        this.#count.run(minute, source, lines);
      }
    }
  }

  close(): void {
    this.#connection.close();
  }
}
