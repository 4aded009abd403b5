import { mkdirSync } from 'node:fs';
import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { DocumentKind } from '../query/documents.ts';
import { type SearchBackend, SearchError, tooManySearches } from '../query/search-backend.ts';
import type { IndexPrefixes } from '../sqlite/ingest/index-kinds.ts';
import type { ResultOf, WorkerTask } from '../worker/protocol.ts';
import { StoreBackend } from './store-backend.ts';
import { StoreThread } from './store-thread.ts';

/** Threads that search, and searches that may wait for one. */
const READERS = 2;
const MAX_WAITING = 64;

/** Bytes of documents that may wait to be stored. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;

/** When the thread that writes is started at the latest, in milliseconds. */
const HOUSEKEEPING_MS = 60_000;

/** A document that is appended; `id` recognises it when it comes again. */
export interface AppendedDocument {
  readonly id?: string;
  readonly json: string;
}

/** Where documents are stored, and for how long. */
export interface StoreOptions {
  /** Folder of the files; it is created. */
  readonly folder: string;
  /** Path of the program of the store's threads. */
  readonly program: string;
  readonly retentionDays: number;
  readonly maxBytes: number;
  /** How long a search may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly prefixes: IndexPrefixes;
  /** Told what the operator should know. */
  readonly onWarning: (message: string) => void;
}

/**
 * Stores logs, events and audit records in files of SQLite, one for each kind and day, and searches
 * them. All work with the files is done by threads of their own.
 */
export class SqliteStore {
  readonly #options: StoreOptions;
  readonly #slots = new Slots(READERS, MAX_WAITING, tooManySearches);
  /** Threads are started when they are first needed. */
  readonly #readers: StoreThread[] = [];
  #writer: StoreThread | undefined;
  readonly #housekeeping: NodeJS.Timeout;
  #queuedBytes = 0;
  #isClosed = false;

  constructor(options: StoreOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });

    this.#options = options;

    // The thread that writes also deletes what is over.
    this.#housekeeping = setTimeout(() => this.#writing(), HOUSEKEEPING_MS).unref();
  }

  #start(role: 'writer' | 'reader', forget: () => void): StoreThread {
    if (this.#isClosed) {
      throw new SearchError('unavailable', 'the store is closed');
    }

    const { folder, program, retentionDays, maxBytes, prefixes, onWarning } = this.#options;

    return new StoreThread({
      role,
      folder,
      program,
      retentionDays,
      maxBytes,
      prefixes,
      onNotice: (notice) => {
        if (notice.type === 'warning') {
          onWarning(notice.message);
        } else {
          this.#setAside(notice.path, notice.reason);
        }
      },
      onExit: (error) => {
        onWarning(`a thread of the store ended and will be started again: ${error.message}`);
        forget();
      },
    });
  }

  /** Returns the thread that writes. */
  #writing(): StoreThread {
    this.#writer ??= this.#start('writer', () => {
      this.#writer = undefined;
    });

    return this.#writer;
  }

  #startReader(): StoreThread {
    const reader = this.#start('reader', () => {
      this.#readers.splice(this.#readers.indexOf(reader), 1);
    });

    this.#readers.push(reader);

    return reader;
  }

  #setAside(path: string, reason: string): void {
    this.#writing()
      .call({ type: 'set-aside', path, reason })
      .catch(() => {});
  }

  /** Returns what a kind of documents is searched with. */
  backend(kind: DocumentKind): SearchBackend {
    return new StoreBackend(kind, (task, signal) => this.#read(task, signal));
  }

  async #read<T extends WorkerTask>(task: T, signal: AbortSignal): Promise<ResultOf<T>> {
    const release = await this.#slots.take(signal);
    const { timeoutMs } = this.#options;
    const deadline = new Deadline(timeoutMs, signal);

    try {
      const reader = this.#idleReader();
      return await reader.call(task, { deadline: Date.now() + timeoutMs, signal: deadline.signal });
    } catch (error) {
      signal.throwIfAborted();

      throw deadline.signal.aborted
        ? new SearchError('timeout', 'the search takes too long: narrow it')
        : error;
    } finally {
      deadline.end();
      release();
    }
  }

  /** Returns a thread that has nothing to do, as long as there can be one more. */
  #idleReader(): StoreThread {
    const [least] = this.#readers.toSorted((a, b) => a.pending - b.pending);

    return least && (least.pending === 0 || this.#readers.length >= READERS)
      ? least
      : this.#startReader();
  }

  /**
   * Stores documents of a kind; resolves when they are kept, audit records also if the power fails
   * then. Rejects with a SearchError: `busy` when too much waits.
   */
  async append(kind: DocumentKind, documents: readonly AppendedDocument[]): Promise<void> {
    const bytes = documents.reduce((sum, { json }) => sum + json.length, 0);
    const task = {
      type: 'append',
      kind,
      documents: documents.map(({ id, json }) => ({ id, json })),
    } as const;

    await this.#store(bytes, () => this.#writing().call(task));
  }

  /**
   * Stores the documents of a bulk request in the form of Elasticsearch; returns the bytes of its
   * answer. `index` is that of the path. Rejects with a StoreSyntaxError, or a SearchError: `busy`
   * when too much waits.
   */
  async bulk(index: string, body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const task = { type: 'bulk', index, body } as const;

    // A body that shares its memory with others is copied.
    const transfer = body.byteLength === body.buffer.byteLength ? [body.buffer] : [];
    return this.#store(body.byteLength, () => this.#writing().call(task, { transfer }));
  }

  async #store<T>(bytes: number, call: () => Promise<T>): Promise<T> {
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > MAX_QUEUED_BYTES) {
      throw new SearchError('busy', 'too many documents wait to be stored, try again later');
    }

    this.#queuedBytes += bytes;

    try {
      return await call();
    } finally {
      this.#queuedBytes -= bytes;
    }
  }

  /** Stores what waits, and ends all threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#housekeeping);
    await Promise.all([this.#writer, ...this.#readers].map((thread) => thread?.close()));
  }
}
