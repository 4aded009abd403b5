import { indexedText } from '../../text/words.ts';
import { IDS_PER_MS, msOf } from '../../time/document-ids.ts';
import {
  type Connection,
  type OpenOptions,
  openForWriting,
  type Statement,
} from '../files/database.ts';
import type { DayWriter, Pending } from '../files/day-writer.ts';
import { IdAssigner } from '../files/id-assigner.ts';
import { BlockWriter } from './log-blocks.ts';
import { type LogLine, restOf } from './log-line.ts';
import { LOG_SCHEMA, namespaceWord, withoutMarks } from './log-schema.ts';
import { SourceTable } from './source-ids.ts';

const IDS_PER_MINUTE = 60_000 * IDS_PER_MS;

/** Writes lines into the file of a day. */
export class LogWriter implements DayWriter<LogLine> {
  readonly #connection: Connection;
  readonly #ids: IdAssigner;
  readonly #sources: SourceTable;
  readonly #blocks: BlockWriter;
  readonly #day: number;
  readonly #see: Statement;
  readonly #insertLine: Statement;
  readonly #insertWords: Statement;
  readonly #count: Statement;

  /** Throws a DamagedFileError. */
  constructor(path: string, day: number, options: OpenOptions) {
    const connection = openForWriting(path, LOG_SCHEMA, options);

    this.#connection = connection;
    this.#day = day;
    this.#ids = new IdAssigner(connection, 'line', day);
    this.#sources = new SourceTable(connection);
    this.#see = connection.prepare('INSERT OR IGNORE INTO seen VALUES (?)');
    this.#blocks = new BlockWriter(connection);
    this.#insertLine = connection.prepare('INSERT INTO line VALUES (?, ?, ?, ?)');
    this.#insertWords = connection.prepare('INSERT INTO words (rowid, log) VALUES (?, ?)');
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
    const lines = documents
      .filter(({ hash }) => hash === undefined || this.#see.run(hash).changes > 0)
      .map(({ document }) => document);
    const places = this.#blocks.write(lines);

    /** Lines by minute of the day and source. */
    const minutes = new Map<number, Map<number, number>>();

    for (const [index, line] of lines.entries()) {
      const { source, namespace } = this.#sources.idsOf(line);
      const id = this.#ids.assign(line.time.ms);
      const words = `${withoutMarks(indexedText(line.log))} ${namespaceWord(namespace)}`;

      this.#insertLine.run(id, source, restOf(line.time, msOf(this.#day, id)), places[index] ?? 0);
      this.#insertWords.run(id, words);

      const minute = Math.floor(id / IDS_PER_MINUTE);
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
