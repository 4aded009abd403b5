import type { DocumentKind } from '../../query/documents.ts';
import type { Order, PageOptions, Search } from '../../query/search.ts';
import {
  type Bucket,
  type Histogram,
  SearchError,
  type Statistics,
} from '../../query/search-backend.ts';
import { dayOf } from '../../time/document-ids.ts';
import { type Intervals, MAX_BUCKETS, parseInterval } from '../../time/intervals.ts';
import type { DayFile } from '../files/day-files.ts';
import type { OpenFiles } from './open-files.ts';

const MINUTE_MS = 60_000;

/** Documents of a page that says nothing of its size. */
const DEFAULT_SIZE = 10;

/** A page ends at most here, as in Elasticsearch. */
const MAX_WINDOW = 10_000;

/** Lines of a batch of an export. */
const BATCH = 1000;

/** Where an export goes on: the day, and the last id that was read. */
export interface Cursor {
  readonly day: number;
  readonly after: number | undefined;
}

/** Lines of an export; without `next` it is at its end. */
export interface ExportBatch {
  readonly lines: readonly string[];
  readonly next: Cursor | undefined;
}

/** A page whose documents are JSON texts. */
export interface TextPage {
  readonly total: number;
  readonly documents: readonly string[];
}

/** Searches the files of all days. `check` throws when the search is to end. */
export class FileSearches {
  readonly #files: OpenFiles;
  readonly #check: () => void;

  constructor(files: OpenFiles, check: () => void) {
    this.#files = files;
    this.#check = check;
  }

  /** Returns the files that a range of times needs. */
  #filesFor(kind: DocumentKind, { range }: Search, order: Order): DayFile[] {
    const { start = -Infinity, end = Infinity } = range;
    const files = this.#files
      .list()
      .filter((file) => file.kind === kind && file.day >= dayOf(start) && file.day <= dayOf(end));

    return order === 'asc' ? files.reverse() : files;
  }

  /** Returns a page of documents. */
  query(kind: DocumentKind, search: Search, page: PageOptions): TextPage {
    const { order, from, size = DEFAULT_SIZE } = page;
    if (from < 0 || size < 0 || from + size > MAX_WINDOW) {
      throw new SearchError(
        'refused',
        `from + size must be from 0 to ${MAX_WINDOW}: narrow the search instead`,
      );
    }

    const documents: string[] = [];
    let total = 0;

    for (const file of this.#filesFor(kind, search, order)) {
      this.#check();

      const count = this.#files.read(file, (reader) => {
        const found = reader.search(search);
        const inFile = found.counts(MINUTE_MS).reduce((sum, [, documents]) => sum + documents, 0);
        const skipped = Math.max(0, from - total);
        const wanted = size - documents.length;

        if (wanted > 0 && skipped < inFile) {
          const ids = found.ids({ order, limit: skipped + wanted }).slice(skipped);
          documents.push(...reader.documents(ids));
        }

        return inFile;
      });

      total += count ?? 0;
    }

    return { total, documents };
  }

  /** Counts documents, and the different values of the counted field. */
  statistics(kind: DocumentKind, search: Search): Statistics {
    const values = new Set<string>();
    let total = 0;

    for (const file of this.#filesFor(kind, search, 'desc')) {
      this.#check();

      this.#files.read(file, (reader) => {
        const found = reader.search(search);

        total += found.counts(MINUTE_MS).reduce((sum, [, count]) => sum + count, 0);
        for (const value of found.distinct()) {
          values.add(value);
        }
      });
    }

    return { total, distinct: values.size };
  }

  /** Counts documents by intervals. */
  histogram(kind: DocumentKind, search: Search, interval: string): Histogram {
    const intervals = parseInterval(interval);
    const unit = intervals.unit % MINUTE_MS === 0 ? MINUTE_MS : intervals.unit;
    const counts = new Map<number, number>();
    let total = 0;

    for (const file of this.#filesFor(kind, search, 'asc')) {
      this.#check();

      for (const [number, count] of this.#files.read(file, (reader) =>
        reader.search(search).counts(unit),
      ) ?? []) {
        const start = intervals.startOf(number * unit);

        counts.set(start, (counts.get(start) ?? 0) + count);
        total += count;
      }
    }

    return { total, buckets: bucketsOf(counts, intervals) };
  }

  /** Returns the next lines of an export, newest first. */
  exportBatch(search: Search, cursor: Cursor | undefined): ExportBatch {
    for (const file of this.#filesFor('logs', search, 'desc')) {
      if (cursor && file.day > cursor.day) {
        continue;
      }

      this.#check();

      const after = file.day === cursor?.day ? cursor.after : undefined;
      const batch = this.#files.read(file, (reader): ExportBatch => {
        const ids = reader.search(search).ids({ order: 'desc', limit: BATCH, after });
        return { lines: reader.texts(ids), next: { day: file.day, after: ids.at(-1) } };
      });

      if (batch && batch.lines.length > 0) {
        return batch;
      }
    }

    return { lines: [], next: undefined };
  }
}

/** Returns the intervals from the first that has documents to the last. */
function bucketsOf(counts: ReadonlyMap<number, number>, { next }: Intervals): Bucket[] {
  const starts = [...counts.keys()].sort((a, b) => a - b);
  const [first = 0] = starts;
  const last = starts.at(-1) ?? -1;
  const buckets: Bucket[] = [];

  for (let time = first; time <= last; time = next(time)) {
    buckets.push({ time, count: counts.get(time) ?? 0 });

    if (buckets.length > MAX_BUCKETS) {
      throw new SearchError('refused', `more than ${MAX_BUCKETS} intervals: choose longer ones`);
    }
  }

  return buckets;
}
