import {
  type Connection,
  type OpenOptions,
  openForWriting,
  type Statement,
} from '../files/database.ts';
import type { DayWriter, Pending } from '../files/day-writer.ts';
import { IdAssigner } from '../files/id-assigner.ts';
import type { StoredRecord } from './record.ts';
import {
  columnValue,
  RECORD_COLUMNS,
  type RecordColumn,
  type RecordKind,
  recordSchema,
} from './record-columns.ts';

/** Writes events or audit records into the file of a day. */
export class RecordWriter implements DayWriter<StoredRecord> {
  readonly #connection: Connection;
  readonly #columns: readonly RecordColumn[];
  readonly #ids: IdAssigner;
  readonly #see: Statement;
  readonly #insert: Statement;
  readonly #insertBody: Statement;

  /** Throws a DamagedFileError. */
  constructor(path: string, kind: RecordKind, day: number, options: OpenOptions) {
    const connection = openForWriting(path, recordSchema(kind), options);

    this.#connection = connection;
    this.#columns = RECORD_COLUMNS[kind];
    this.#ids = new IdAssigner(connection, 'record', day);
    this.#see = connection.prepare('INSERT OR IGNORE INTO seen VALUES (?)');

    const values = this.#columns.map(() => '?, ').join('');
    this.#insert = connection.prepare(`INSERT INTO record VALUES (${values}?)`);
    this.#insertBody = connection.prepare('INSERT INTO body VALUES (?, ?)');
  }

  append(documents: readonly Pending<StoredRecord>[]): void {
    this.#connection.exec('BEGIN IMMEDIATE');

    try {
      for (const pending of documents) {
        this.#write(pending);
      }
      this.#connection.exec('COMMIT');
    } catch (error) {
      if (this.#connection.inTransaction) {
        this.#connection.exec('ROLLBACK');
      }
      throw error;
    } finally {
      this.#ids.reset();
    }
  }

  #write({ document: { time, json, document }, hash }: Pending<StoredRecord>): void {
    if (hash !== undefined && this.#see.run(hash).changes === 0) {
      return;
    }

    const id = this.#ids.assign(time.ms);
    this.#insert.run(...this.#columns.map((column) => columnValue(column, document)), id);
    this.#insertBody.run(id, json);
  }

  close(): void {
    this.#connection.close();
  }
}
