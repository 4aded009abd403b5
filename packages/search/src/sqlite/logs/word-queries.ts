import { asInteger, type Connection, numberIn, prepareRaw } from '../files/database.ts';
import { behind, type IdPage, type IntervalCount } from '../files/day-reader.ts';
import { intervalSql } from '../files/interval-sql.ts';
import type { LineFilter } from './line-queries.ts';
import { inNamespaces } from './log-match.ts';

/** Namespaces that are part of a query of words; more are compared line by line. */
const MAX_NAMESPACES = 100;

/** Lines that contain words. */
export interface WordFilter extends LineFilter {
  readonly match: string;
  /** The namespaces of which the sources are all. */
  readonly namespaces: readonly number[] | undefined;
}

/** The lines of a filter as parts of an SQL statement. */
interface Selection {
  readonly from: string;
  readonly where: string;
  readonly values: readonly (string | number)[];
}

/**
 * Returns how lines are selected: by the index of words alone, where it also knows the namespace, or
 * together with the lines.
 */
function selectionOf({ match, sources, namespaces, first, last }: WordFilter): Selection {
  const where = 'words MATCH ? AND words.rowid BETWEEN ? AND ?';

  if (!sources) {
    return { from: 'words', where, values: [match, first, last] };
  }
  if (namespaces && namespaces.length <= MAX_NAMESPACES) {
    return { from: 'words', where, values: [inNamespaces(match, namespaces), first, last] };
  }

  return {
    from: 'words JOIN line ON line.id = words.rowid',
    where: `${where} AND line.source IN (SELECT value FROM json_each(?))`,
    values: [match, first, last, JSON.stringify(sources)],
  };
}

/** Queries of lines by their words. */
export class WordQueries {
  readonly #connection: Connection;
  readonly #day: number;

  constructor(connection: Connection, day: number) {
    this.#connection = connection;
    this.#day = day;
  }

  #all(sql: string, values: readonly (string | number)[]): unknown[] {
    return prepareRaw(this.#connection, sql).all(...values);
  }

  /** Counts lines by intervals of a length in milliseconds. */
  counts(unit: number, filter: WordFilter): IntervalCount[] {
    const { from, where, values } = selectionOf(filter);
    const interval = intervalSql('words.rowid', this.#day, unit);
    const sql = `SELECT ${interval}, count(*) FROM ${from} WHERE ${where} GROUP BY 1`;

    return this.#all(sql, values).map((row) => [numberIn(row), numberIn(row, 1)]);
  }

  /** Returns ids of lines in an order. */
  ids(filter: WordFilter, page: IdPage): number[] {
    const { from, where, values } = selectionOf({ ...filter, ...behind(filter, page) });
    const order = page.order === 'asc' ? 'ASC' : 'DESC';
    const sql = `SELECT words.rowid FROM ${from} WHERE ${where}
      ORDER BY words.rowid ${order} LIMIT ?`;

    return this.#all(sql, [...values, page.limit]).map((row) => numberIn(row));
  }

  /** Returns the sources of which there are lines. */
  sources({ match, first, last, sources }: WordFilter): number[] {
    const clause = sources ? ' AND line.source IN (SELECT value FROM json_each(?))' : '';
    const sql = `SELECT DISTINCT ${asInteger('line.source')} FROM words JOIN line ON line.id = words.rowid
      WHERE words MATCH ? AND words.rowid BETWEEN ? AND ?${clause}`;

    return this.#all(sql, [match, first, last, ...(sources ? [JSON.stringify(sources)] : [])]).map(
      (row) => numberIn(row),
    );
  }
}
