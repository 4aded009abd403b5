import type { Search } from '../../query/search.ts';
import { idsOfDay, msOf } from '../../time/document-ids.ts';
import {
  asInteger,
  type Connection,
  numberIn,
  prepareRaw,
  type Statement,
} from '../files/database.ts';
import {
  type DayReader,
  type FileSearch,
  type IdPage,
  type IntervalCount,
  mergeIds,
} from '../files/day-reader.ts';
import { LineQueries, sumCounts } from './line-queries.ts';
import { BlockReader } from './log-blocks.ts';
import { timeOf } from './log-line.ts';
import { matchOf, splitConditions } from './log-match.ts';
import { LogSources } from './log-sources.ts';
import { WordQueries } from './word-queries.ts';

/** Finds nothing. */
const NOTHING: FileSearch = { counts: () => [], ids: () => [], distinct: () => [] };

/** Queries of one group of sources. */
interface Part {
  counts(unit: number): IntervalCount[];
  ids(page: IdPage): number[];
  sources(): number[];
}

/** Reads the logs of a day. */
export class LogReader implements DayReader {
  readonly #connection: Connection;
  readonly #day: number;
  readonly #sources: LogSources;
  readonly #lines: LineQueries;
  readonly #words: WordQueries;
  readonly #blocks: BlockReader;
  readonly #line: Statement;

  constructor(connection: Connection, day: number) {
    this.#connection = connection;
    this.#day = day;
    this.#sources = new LogSources(connection);
    this.#lines = new LineQueries(connection, day);
    this.#words = new WordQueries(connection, day);
    this.#blocks = new BlockReader(connection);
    this.#line = prepareRaw(
      connection,
      `SELECT ${['source', 'rest', 'place'].map(asInteger)} FROM line WHERE id = ?`,
    );
  }

  search({ conditions, scopes, range }: Search): FileSearch {
    const { onSources, onWords } = splitConditions(conditions);
    const match = matchOf(onWords);
    if (match === '') {
      return NOTHING;
    }

    this.#sources.refresh();

    const { first, last } = idsOfDay(this.#day, range);
    const isOpen = scopes === undefined && onSources.length === 0;
    const groups = isOpen
      ? [{ first, sources: undefined, namespaces: undefined }]
      : this.#sources.choose(onSources, scopes, { day: this.#day, first });

    const parts = groups.map((group): Part => {
      const filter = { ...group, last };

      return match === undefined
        ? partOf(this.#lines, filter)
        : partOf(this.#words, { ...filter, match });
    });

    return {
      counts: (unit) => sumCounts(parts.flatMap((part) => part.counts(unit))),
      ids: (page) =>
        mergeIds(
          parts.map((part) => part.ids(page)),
          page,
        ),
      distinct: () => this.#containersOf(parts.flatMap((part) => part.sources())),
    };
  }

  #containersOf(sources: readonly number[]): Set<string> {
    const containers = sources.map((id) => this.#sources.get(id)?.container ?? '');
    return new Set(containers.filter((container) => container !== ''));
  }

  documents(ids: readonly number[]): string[] {
    return ids.map((id) => {
      const row = this.#line.get(id);
      const source = this.#sources.get(numberIn(row));
      const time = timeOf(msOf(this.#day, id), numberIn(row, 1), source?.zone ?? 'Z');
      const { log, extra } = this.#blocks.read(numberIn(row, 2));

      return [
        `{"log":${JSON.stringify(log)},"time":"${time}"`,
        source?.kubernetes ? `,"kubernetes":${source.kubernetes}` : '',
        extra === undefined ? '}' : `,${extra.slice(1)}`,
      ].join('');
    });
  }

  texts(ids: readonly number[]): string[] {
    return ids.map((id) => this.#blocks.read(numberIn(this.#line.get(id), 2)).log);
  }

  close(): void {
    this.#connection.close();
  }
}

/** What lines and words are asked in the same way. */
interface Queries<F> {
  counts(unit: number, filter: F): IntervalCount[];
  ids(filter: F, page: IdPage): number[];
  sources(filter: F): number[];
}

function partOf<F>(queries: Queries<F>, filter: F): Part {
  return {
    counts: (unit) => queries.counts(unit, filter),
    ids: (page) => queries.ids(filter, page),
    sources: () => queries.sources(filter),
  };
}
