import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { SearchError } from '../query/search-backend.ts';
import { FileSearches } from '../sqlite/search/file-searches.ts';
import { OpenFiles } from '../sqlite/search/open-files.ts';
import type {
  WorkerAnswer,
  WorkerCall,
  WorkerNotice,
  WorkerOptions,
  WorkerTask,
} from './protocol.ts';

const ENCODER = new TextEncoder();

/** Searches the store, one call after the other. */
export class StoreReader {
  readonly #post: (message: WorkerAnswer | WorkerNotice) => void;
  readonly #files: OpenFiles;
  readonly #searches: FileSearches;
  readonly #ended: Int32Array;
  #call: WorkerCall | undefined;

  constructor(
    { folder, ended }: WorkerOptions,
    post: (message: WorkerAnswer | WorkerNotice) => void,
  ) {
    this.#post = post;
    this.#ended = ended;
    this.#files = new OpenFiles(folder, ({ path }, reason) =>
      post({ type: 'damaged', path, reason }),
    );
    this.#searches = new FileSearches(this.#files, () => this.#check());
  }

  /** Throws when the caller has gone, or the call takes too long. */
  #check(): void {
    const { id = 0, deadline = 0 } = this.#call ?? {};

    if (Atomics.load(this.#ended, 0) === id) {
      throw new SearchError('unavailable', 'the search was ended');
    }
    if (Date.now() > deadline) {
      throw new SearchError('timeout', 'the search takes too long: narrow it');
    }
  }

  /** Takes a call and answers it. */
  take(call: WorkerCall): void {
    const { id, task } = call;
    this.#call = call;

    try {
      this.#check();
      this.#post({ type: 'result', id, result: this.#run(task) });
    } catch (error) {
      const failure = error instanceof SearchError ? error.failure : 'unavailable';
      this.#post({ type: 'failure', id, failure, message: messageOf(error) });
    }
  }

  #run(task: WorkerTask): unknown {
    switch (task.type) {
      case 'query': {
        const { total, documents } = this.#searches.query(task.kind, task.search, task.page);
        return { total, documents: documents.map((json) => ENCODER.encode(json)) };
      }
      case 'statistics':
        return this.#searches.statistics(task.kind, task.search);
      case 'histogram':
        return this.#searches.histogram(task.kind, task.search, task.interval);
      case 'export':
        return this.#searches.exportBatch(task.search, task.cursor);
      default:
        throw new SearchError('refused', `${task.type} is nothing that is read`);
    }
  }

  close(): void {
    this.#files.close();
  }
}
