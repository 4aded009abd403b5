import { accessSync, constants, mkdirSync } from 'node:fs';
import { type Database, open, type RootDatabase, type Transaction } from 'lmdb';
import type { Snapshot } from './backend.ts';
import type { CompactionPolicy } from './change-log.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type Commit, closedError, RevisionedBackend } from './revisioned-backend.ts';
import { StoredObject } from './stored-object.ts';

const REVISION = 'revision';
/** Part of every path in the data directory's `meta`; another number means another layout. */
const FORMAT = 1;

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
    if (--this.#users > 0 || this.closed) return;
    this.transaction.done();
    this.#ended();
  }
}

/** Objects that the first and the later steps of a scan copy out of the map; between steps no cursor is open. */
const FIRST_STEP = 12;
const SCAN_STEP = 64;

function scanView(objects: Database<Buffer, string>, view: View, start: string, end: string): Snapshot {
  view.retain();
  let chunk: { key: string; value: Buffer }[] = [];
  let at = 0;
  let from: string | undefined = start;
  let open = true;
  let step = FIRST_STEP;
  const finish = (): IteratorResult<StoredObject> => {
    if (open) view.release();
    open = false;
    chunk = [];
    return { done: true, value: undefined };
  };
  const snapshot: Snapshot = {
    next() {
      if (!open) return { done: true, value: undefined };
      if (at === chunk.length) {
        if (from === undefined) return finish();
        if (view.closed) throw closedError();
        chunk = [...objects.getRange({ start: from, end, limit: step, transaction: view.transaction })];
        at = 0;
        // The next key that can exist after the last one.
        from = chunk.length < step ? undefined : `${chunk.at(-1)!.key}\u0000`;
        step = SCAN_STEP;
        if (chunk.length === 0) return finish();
      }
      const { key, value } = chunk[at++]!;
      return { done: false, value: new StoredObject(key, value) };
    },
    return: finish,
    [Symbol.iterator]: () => snapshot,
  };
  return snapshot;
}

interface Databases {
  root: RootDatabase<Buffer, string>;
  objects: Database<Buffer, string>;
  log: Database<Buffer, number>;
  meta: Database<number, string>;
}

/** How an LmdbBackend is opened. */
export interface LmdbOptions {
  /** Directory that holds the data; made when missing. */
  path: string;
  compaction?: CompactionPolicy;
}

function openDatabases(path: string): Databases {
  // Without overlappingSync a commit returns only after its fsync, so that nothing can be read that could be lost.
  const root = open<Buffer, string>({ path, noSubdir: false, maxDbs: 8, overlappingSync: false, encoding: 'binary' });
  return {
    root,
    objects: root.openDB<Buffer, string>({ name: 'objects', encoding: 'binary' }),
    log: root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' }),
    meta: root.openDB<number, string>({ name: 'meta', encoding: 'json' }),
  };
}

/** A backend in one LMDB environment; survives kill -9 and power loss without losing a settled write. */
export class LmdbBackend extends RevisionedBackend {
  readonly #databases: Databases;
  readonly #lock: DirectoryLock;
  /** What reads see; replaced after each commit, so that none shows a commit that is not durable. */
  #view: View;
  /** Views that scans may still hold. */
  readonly #views = new Set<View>();

  private constructor(databases: Databases, lock: DirectoryLock, revision: number, compaction?: CompactionPolicy) {
    const [first] = databases.log.getKeys({ limit: 1 });
    super(revision, first ?? revision + 1, compaction);
    this.#databases = databases;
    this.#lock = lock;
    this.#view = this.#open();
  }

  /** Opens or makes the data directory; throws an Error that names the directory when it is in use or cannot be written. */
  static async open({ path, compaction }: LmdbOptions): Promise<LmdbBackend> {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new Error(`cannot use the data directory ${path}: ${(error as Error).message}`, { cause: error });
    }
    const lock = await lockDirectory(path);
    try {
      const databases = openDatabases(path);
      const format = databases.meta.get('format');
      if (format !== undefined && format !== FORMAT) {
        throw new Error(`the data directory ${path} has the format ${format}, this version reads ${FORMAT}`);
      }
      if (format === undefined) {
        await databases.root.batch(() => {
          databases.meta.put('format', FORMAT);
          databases.meta.put(REVISION, 1);
        });
        await databases.root.flushed;
      }
      return new LmdbBackend(databases, lock, databases.meta.get(REVISION) ?? 1, compaction);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  #open(): View {
    const view = new View(this.#databases.objects.useReadTransaction(), () => this.#views.delete(view));
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
    return this.#databases.objects.getKeysCount({ start, end, transaction: this.#view.transaction });
  }

  protected readLog(revision: number): Buffer | undefined {
    return this.#databases.log.get(revision, { transaction: this.#view.transaction });
  }

  protected async commit({ objects, log, revision, forget }: Commit): Promise<void> {
    const { root, objects: kept, log: entries, meta } = this.#databases;
    await root.batch(() => {
      for (const [key, record] of objects) {
        if (record === null) kept.remove(key);
        else kept.put(key, record);
      }
      for (const entry of log) entries.put(entry.revision, entry.bytes);
      for (let old = forget.first; old <= forget.last; old++) entries.remove(old);
      meta.put(REVISION, revision);
    });
    await root.flushed;
    const before = this.#view;
    this.#databases.objects.resetReadTxn();
    this.#view = this.#open();
    before.release();
  }

  protected async release(): Promise<void> {
    for (const view of this.#views) view.closed = true;
    await this.#databases.root.close();
    await this.#lock.release();
  }
}
