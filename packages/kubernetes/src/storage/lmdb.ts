import { accessSync, constants, mkdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { Database, Transaction } from 'lmdb';
import type { Snapshot } from './backend.ts';
import type { CompactionPolicy } from './change-log.ts';
import { ContentSum, checkContents, markUsed } from './contents.ts';
import { type Databases, openDatabases, REVISION } from './databases.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type Commit, closedError, RevisionedBackend } from './revisioned-backend.ts';
import { commitError } from './storage-errors.ts';
import { StoredObject } from './stored-object.ts';

/** The format of the data directory, stored in `meta`. */
const FORMAT = 1;
const CHECKSUM = 'checksum';

/**
 * How long writes are refused without a try after the disk was full, in milliseconds: each try
 * costs time and writes to the log.
 */
const FULL_PAUSE_MS = 200;

/** A read transaction that ends when its last user is done. */
class View {
  readonly transaction: Transaction;
  /** True once the environment is closed: nothing may be read any more. */
  closed = false;
  #users = 1;

  readonly #ended: () => void;

  constructor(transaction: Transaction, ended: () => void) {
    this.transaction = transaction;
    this.#ended = ended;
  }

  retain(): void {
    this.#users++;
  }

  release(): void {
    if (--this.#users > 0 || this.closed) {
      return;
    }

    this.transaction.done();
    this.#ended();
  }
}

/**
 * Objects that the first and the later steps of a scan copy out of the map; no cursor is open
 * between steps.
 */
const FIRST_STEP = 12;
const SCAN_STEP = 64;

function scanView(
  objects: Database<Buffer, string>,
  view: View,
  start: string,
  end: string,
): Snapshot {
  view.retain();

  let chunk: { key: string; value: Buffer }[] = [];
  let at = 0;
  let from: string | undefined = start;
  let open = true;
  let step = FIRST_STEP;

  const finish = (): IteratorResult<StoredObject> => {
    if (open) {
      view.release();
    }

    open = false;
    chunk = [];

    return { done: true, value: undefined };
  };

  const snapshot: Snapshot = {
    next() {
      if (!open) {
        return { done: true, value: undefined };
      }

      if (at === chunk.length) {
        if (from === undefined) {
          return finish();
        }
        if (view.closed) {
          throw closedError();
        }

        chunk = [
          ...objects.getRange({ start: from, end, limit: step, transaction: view.transaction }),
        ];
        at = 0;

        // The next key that can exist after the last one.
        const last = chunk.at(-1);
        from = last && chunk.length === step ? `${last.key}\u0000` : undefined;
        step = SCAN_STEP;
      }

      const record = chunk[at++];

      return record ? { done: false, value: new StoredObject(record.key, record.value) } : finish();
    },
    return: finish,
    [Symbol.iterator]: () => snapshot,
  };

  return snapshot;
}

/** How an LmdbBackend is opened. */
export interface LmdbOptions {
  /** Directory of the data; created when missing. */
  path: string;
  /**
   * False where a commit does not wait for the disk: a power loss may then lose or damage data.
   * Default true.
   */
  fsync?: boolean;
  compaction?: CompactionPolicy;
}

/**
 * A backend in one LMDB environment; survives kill -9 and power loss without losing a settled
 * write.
 */
export class LmdbBackend extends RevisionedBackend {
  readonly #databases: Databases;
  readonly #lock: DirectoryLock;
  /** The view of reads; replaced after each commit, so that reads see only durable commits. */
  #view: View;
  /** Views that scans may still hold. */
  readonly #views = new Set<View>();
  readonly #path: string;
  readonly #sum: ContentSum;
  #full: { error: unknown; until: number } | undefined;

  private constructor(
    { path, compaction }: LmdbOptions,
    databases: Databases,
    lock: DirectoryLock,
    revision: number,
    sum: ContentSum,
  ) {
    const [first] = databases.log.getKeys({ limit: 1 });
    super(revision, first ?? revision + 1, compaction);
    this.#path = path;
    this.#databases = databases;
    this.#lock = lock;
    this.#sum = sum;
    this.#view = this.#open();
  }

  /**
   * Opens or makes the data directory; throws an Error that names the directory when it is in use
   * or cannot be written, and one that says what to do when it is damaged.
   */
  static async open(options: LmdbOptions): Promise<LmdbBackend> {
    const { path } = options;

    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new Error(`cannot use the data directory ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }

    const lock = await lockDirectory(path);

    try {
      // Must run before LMDB maps the file: the process would be killed by a signal where pages are
      // missing.
      const found = checkContents(path);
      const databases = openDatabases(path, { fsync: options.fsync ?? true });
      const format = databases.meta.get('format');
      if (format !== undefined && format !== FORMAT) {
        throw new Error(
          `the data directory ${path} has the format ${format}, this version reads ${FORMAT}`,
        );
      }

      if (format === undefined) {
        await databases.root.batch(() => {
          databases.meta.put('format', FORMAT);
          databases.meta.put(REVISION, 1);
          databases.meta.put(CHECKSUM, 0);
        });
      }

      markUsed(path);

      const sum = found?.sum ?? new ContentSum(0);

      // Older versions wrote no checksums: their log is dropped, as if it were compacted.
      if (databases.meta.get(CHECKSUM) === undefined) {
        await databases.root.batch(() => {
          for (const revision of databases.log.getKeys()) {
            databases.log.remove(revision);
          }
          databases.meta.put(CHECKSUM, sum.value);
        });
      }

      return new LmdbBackend(options, databases, lock, databases.meta.get(REVISION) ?? 1, sum);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  #open(): View {
    const view = new View(this.#databases.objects.useReadTransaction(), () =>
      this.#views.delete(view),
    );
    this.#views.add(view);
    return view;
  }

  protected read(key: string): Buffer | undefined {
    return this.#databases.objects.get(key, { transaction: this.#view.transaction });
  }

  protected scan(start: string, end: string): Snapshot {
    return scanView(this.#databases.objects, this.#view, start, end);
  }

  protected countKeys(start: string, end: string): number {
    return this.#databases.objects.getKeysCount({
      start,
      end,
      transaction: this.#view.transaction,
    });
  }

  protected readLog(revision: number): Buffer | undefined {
    return this.#databases.log.get(revision, { transaction: this.#view.transaction });
  }

  protected async commit({ objects, log, revision, forget }: Commit): Promise<void> {
    if (this.#full && performance.now() < this.#full.until) {
      throw this.#full.error;
    }

    const { root, objects: kept, log: entries, meta } = this.#databases;
    const sum = this.#sum.next();

    for (const [key, { before, after }] of objects) {
      if (before) {
        sum.remove(key, before);
      }
      if (after) {
        sum.add(key, after);
      }
    }

    try {
      await root.batch(() => {
        for (const [key, { before, after }] of objects) {
          if (after) {
            kept.put(key, after);
          } else if (before) {
            kept.remove(key);
          }
        }

        for (const entry of log) {
          entries.put(entry.revision, entry.bytes);
        }

        for (let old = forget.first; old <= forget.last; old++) {
          entries.remove(old);
        }

        meta.put(REVISION, revision);
        meta.put(CHECKSUM, sum.value);
      });

      await root.flushed;
    } catch (failure) {
      const { error, full } = await commitError(failure, this.#path);
      if (full) {
        this.#full = { error, until: performance.now() + FULL_PAUSE_MS };
      }

      throw error;
    }

    this.#full = undefined;
    this.#sum.value = sum.value;

    const before = this.#view;

    this.#databases.objects.resetReadTxn();
    this.#view = this.#open();
    before.release();
  }

  protected async release(): Promise<void> {
    for (const view of this.#views) {
      view.closed = true;
    }

    await this.#databases.root.close();
    await this.#lock.release();
  }
}
