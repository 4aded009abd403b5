import { IDS_PER_MS, startOfDay } from '../../time/document-ids.ts';
import { asInteger, type Connection, numberIn, prepareRaw } from '../files/database.ts';
import { behind, type IdPage, type IntervalCount } from '../files/day-reader.ts';
import { intervalSql } from '../files/interval-sql.ts';

const MINUTE_MS = 60_000;
const IDS_PER_MINUTE = MINUTE_MS * IDS_PER_MS;

/** Which lines are asked for: of a range of ids, of some sources, or of all. */
export interface LineFilter {
  readonly first: number;
  readonly last: number;
  readonly sources: readonly number[] | undefined;
}

const AMONG = 'source IN (SELECT value FROM json_each(?))';

/** Returns the clause and parameter for sources. */
function among(sources: readonly number[] | undefined): [clause: string, values: string[]] {
  return sources ? [` AND ${AMONG}`, [JSON.stringify(sources)]] : ['', []];
}

/** Adds counts of the same interval. */
export function sumCounts(counts: Iterable<IntervalCount>): IntervalCount[] {
  const sums = new Map<number, number>();

  for (const [interval, count] of counts) {
    sums.set(interval, (sums.get(interval) ?? 0) + count);
  }

  return [...sums].sort(([a], [b]) => a - b);
}

/** Queries of lines that do not look at their words. */
export class LineQueries {
  readonly #connection: Connection;
  readonly #day: number;

  constructor(connection: Connection, day: number) {
    this.#connection = connection;
    this.#day = day;
  }

  /** Counts lines one by one. */
  #scan(unit: number, { first, last, sources }: LineFilter): IntervalCount[] {
    if (first > last) {
      return [];
    }

    const [clause, values] = among(sources);
    const sql = `SELECT ${intervalSql('id', this.#day, unit)}, count(*) FROM line
      WHERE id BETWEEN ? AND ?${clause} GROUP BY 1`;

    return prepareRaw(this.#connection, sql)
      .all(first, last, ...values)
      .map((row) => [numberIn(row), numberIn(row, 1)]);
  }

  /** Counts lines by whole minutes. */
  #minutes({ first, last, sources }: LineFilter): IntervalCount[] {
    const [clause, values] = among(sources);
    const sql = `SELECT ${asInteger('minute')}, sum(lines) FROM minute
      WHERE minute BETWEEN ? AND ?${clause} GROUP BY minute`;

    return prepareRaw(this.#connection, sql)
      .all(first, last, ...values)
      .map((row) => [numberIn(row), numberIn(row, 1)]);
  }

  /** Returns the whole minutes within a range of ids. */
  #wholeMinutes({ first, last }: LineFilter): { first: number; last: number } {
    return {
      first: Math.ceil(first / IDS_PER_MINUTE),
      last: Math.floor((last + 1) / IDS_PER_MINUTE) - 1,
    };
  }

  /** Counts lines by intervals of a length in milliseconds. */
  counts(unit: number, filter: LineFilter): IntervalCount[] {
    const minutes = this.#wholeMinutes(filter);
    if (unit % MINUTE_MS !== 0 || minutes.first > minutes.last) {
      return this.#scan(unit, filter);
    }

    const { sources, first, last } = filter;
    const before = { sources, first, last: minutes.first * IDS_PER_MINUTE - 1 };
    const after = { sources, first: (minutes.last + 1) * IDS_PER_MINUTE, last };
    const perUnit = unit / MINUTE_MS;
    const firstMinute = startOfDay(this.#day) / MINUTE_MS;

    const whole = this.#minutes({ sources, ...minutes }).map(
      ([minute, count]): IntervalCount => [Math.floor((firstMinute + minute) / perUnit), count],
    );

    return sumCounts([...this.#scan(unit, before), ...whole, ...this.#scan(unit, after)]);
  }

  /** Returns the sources of which there are lines. */
  sources(filter: LineFilter): number[] {
    const minutes = this.#wholeMinutes(filter);
    const [clause, values] = among(filter.sources);
    const { first, last } = filter;

    const sql = `SELECT ${asInteger('source')} FROM minute WHERE minute BETWEEN ? AND ?${clause}
      UNION SELECT ${asInteger('source')} FROM line WHERE id BETWEEN ? AND ?${clause}
      UNION SELECT ${asInteger('source')} FROM line WHERE id BETWEEN ? AND ?${clause}`;

    const hasMinutes = minutes.first <= minutes.last;
    const edges = hasMinutes
      ? [first, minutes.first * IDS_PER_MINUTE - 1, (minutes.last + 1) * IDS_PER_MINUTE, last]
      : [first, last, 1, 0];
    const [a = 0, b = 0, c = 0, d = 0] = edges;

    return prepareRaw(this.#connection, sql)
      .all(minutes.first, minutes.last, ...values, a, b, ...values, c, d, ...values)
      .map((row) => numberIn(row));
  }

  /** Returns ids of lines in an order; minutes without any are left out. */
  ids(filter: LineFilter, page: IdPage): number[] {
    const { sources } = filter;
    const { first, last } = behind(filter, page);
    const [clause, values] = among(sources);
    const order = page.order === 'asc' ? 'ASC' : 'DESC';

    const statement = prepareRaw(
      this.#connection,
      `SELECT id FROM line WHERE id BETWEEN ? AND ?${clause} ORDER BY id ${order} LIMIT ?`,
    );
    const read = (from: number, to: number, limit: number) =>
      statement.all(from, to, ...values, limit).map((row) => numberIn(row));

    if (!sources) {
      return read(first, last, page.limit);
    }

    const ids: number[] = [];

    for (const minute of this.#minutesWithLines({ first, last, sources }, order)) {
      const start = Math.max(first, minute * IDS_PER_MINUTE);
      const end = Math.min(last, (minute + 1) * IDS_PER_MINUTE - 1);

      ids.push(...read(start, end, page.limit - ids.length));
      if (ids.length >= page.limit) {
        break;
      }
    }

    return ids;
  }

  #minutesWithLines({ first, last, sources }: LineFilter, order: string): number[] {
    const [clause, values] = among(sources);
    const sql = `SELECT DISTINCT ${asInteger('minute')} AS minute FROM minute WHERE minute BETWEEN ? AND ?${clause}
      ORDER BY minute ${order}`;

    return prepareRaw(this.#connection, sql)
      .all(Math.floor(first / IDS_PER_MINUTE), Math.floor(last / IDS_PER_MINUTE), ...values)
      .map((row) => numberIn(row));
  }
}
