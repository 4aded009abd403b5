import type { DocumentKind } from '../query/documents.ts';
import type { PageOptions, Search } from '../query/search.ts';
import type { FoundPage, Histogram, SearchBackend, Statistics } from '../query/search-backend.ts';
import type { ExportBatch } from '../sqlite/search/file-searches.ts';
import type { ResultOf, WorkerTask } from '../worker/protocol.ts';

/** Most lines of an export. */
const MAX_EXPORT_LINES = 1_000_000;

/** Gives a task to a thread that reads. */
export type Read = <T extends WorkerTask>(task: T, signal: AbortSignal) => Promise<ResultOf<T>>;

/** Searches documents of one kind in the store's files. */
export class StoreBackend implements SearchBackend {
  readonly #kind: DocumentKind;
  readonly #read: Read;

  constructor(kind: DocumentKind, read: Read) {
    this.#kind = kind;
    this.#read = read;
  }

  query(search: Search, page: PageOptions, signal: AbortSignal): Promise<FoundPage> {
    return this.#read({ type: 'query', kind: this.#kind, search, page }, signal);
  }

  statistics(search: Search, signal: AbortSignal): Promise<Statistics> {
    return this.#read({ type: 'statistics', kind: this.#kind, search }, signal);
  }

  histogram(search: Search, interval: string, signal: AbortSignal): Promise<Histogram> {
    return this.#read({ type: 'histogram', kind: this.#kind, search, interval }, signal);
  }

  async *export(search: Search, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    let cursor: ExportBatch['next'];
    let lines = 0;

    do {
      const batch = await this.#read({ type: 'export', search, cursor }, signal);
      if (batch.lines.length > 0) {
        yield batch.lines;
      }

      lines += batch.lines.length;
      cursor = batch.next;
    } while (cursor && lines < MAX_EXPORT_LINES);
  }
}
