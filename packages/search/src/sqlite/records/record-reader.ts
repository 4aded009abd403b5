import { DOCUMENT_TYPES } from '../../query/documents.ts';
import type { Search } from '../../query/search.ts';
import { idsOfDay } from '../../time/document-ids.ts';
import {
  asBytes,
  type Connection,
  numberIn,
  prepareRaw,
  type Statement,
  textIn,
} from '../files/database.ts';
import { behind, type DayReader, type FileSearch } from '../files/day-reader.ts';
import { intervalSql } from '../files/interval-sql.ts';
import { columnOf, type RecordKind } from './record-columns.ts';
import { recordWhere } from './record-where.ts';

/** Reads the events or audit records of a day. */
export class RecordReader implements DayReader {
  readonly #connection: Connection;
  readonly #kind: RecordKind;
  readonly #day: number;
  readonly #body: Statement;

  constructor(connection: Connection, kind: RecordKind, day: number) {
    this.#connection = connection;
    this.#kind = kind;
    this.#day = day;
    this.#body = prepareRaw(connection, `SELECT ${asBytes('json')} FROM body WHERE id = ?`);
  }

  search({ conditions, scopes, range }: Search): FileSearch {
    const ids = idsOfDay(this.#day, range);
    const file = { kind: this.#kind, day: this.#day, first: ids.first };
    const where = recordWhere(file, conditions, scopes);

    const all = (columns: string, order: string, { first, last } = ids, limit = -1) =>
      prepareRaw(
        this.#connection,
        `SELECT ${columns} FROM record WHERE id BETWEEN ? AND ? AND ${where.text} ${order} LIMIT ?`,
      ).all(first, last, ...where.values, limit);

    return {
      counts: (unit) =>
        all(`${intervalSql('id', this.#day, unit)}, count(*)`, 'GROUP BY 1').map((row) => [
          numberIn(row),
          numberIn(row, 1),
        ]),

      ids: (page) =>
        all(
          'id',
          `ORDER BY id ${page.order === 'asc' ? 'ASC' : 'DESC'}`,
          behind(ids, page),
          page.limit,
        ).map((row) => numberIn(row)),

      distinct: () => {
        const column = columnOf(this.#kind, DOCUMENT_TYPES[this.#kind].counted)?.name ?? 'NULL';
        const rows = all(`DISTINCT ${asBytes(column)}`, '');

        return rows.map((row) => textIn(row)).filter((value) => value !== '');
      },
    };
  }

  documents(ids: readonly number[]): string[] {
    return ids.map((id) => textIn(this.#body.get(id)));
  }

  /** Only lines of logs are texts. */
  texts(): string[] {
    return [];
  }

  close(): void {
    this.#connection.close();
  }
}
