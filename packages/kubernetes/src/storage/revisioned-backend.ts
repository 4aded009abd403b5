import { expired, internalError, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Backend, Range, Snapshot, StorageEvent, WriteResult } from './backend.ts';
import { MAX_KEY_BYTES } from './backend.ts';
import {
  CompactionClock,
  type CompactionPolicy,
  DEFAULT_COMPACTION,
  decodeLogEntry,
  type LogEntry,
  previousOf,
} from './change-log.ts';
import { KeyCounts } from './key-counts.ts';
import { olderSnapshot } from './older-snapshot.ts';
import { RecentObjects } from './recent-objects.ts';
import { StoredObject } from './stored-object.ts';
import { type PendingWrite, WriteBatch } from './write-batch.ts';

/** Writes of one atomic, durable commit. */
export interface Commit {
  /** Durable records before and new ones by key; null: the key is not there. */
  objects: ReadonlyMap<string, { before: Buffer | null; after: Buffer | null }>;
  /** Log entries by revision. */
  log: readonly { revision: number; bytes: Buffer }[];
  /** Newest revision after the commit. */
  revision: number;
  /** Log entries to remove: from `first` to `last`, both inclusive; nothing when last < first. */
  forget: { first: number; last: number };
}

/** Most log entries that one commit removes, so that compaction delays no write. */
const MAX_FORGOTTEN = 1_000;
const IDLE_COMPACTION_MS = 30_000;

/** 503: the backend was closed. */
export function closedError(): StatusError {
  return new StatusError(503, 'ServiceUnavailable', 'the storage is closed');
}

/** The end (exclusive) of the keys that begin with a prefix ending in `/`. */
export function endOfPrefix(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

/** Revisions, group commit, history and events over any ordered map, which subclasses provide. */
export abstract class RevisionedBackend implements Backend {
  #revision: number;
  #firstLogged: number;
  readonly #clock: CompactionClock;
  readonly #listeners = new Set<(events: readonly StorageEvent[]) => void>();
  readonly #idle: NodeJS.Timeout;
  #queue: PendingWrite[] = [];
  #running: Promise<void> | undefined;
  readonly #counts = new KeyCounts();
  readonly #recent = new RecentObjects();
  /** True during a commit: reads may see it before the listeners do. */
  #isCommitting = false;
  #closed = false;
  #released = false;

  /** `revision` and `firstLogged` (the oldest revision in the log) are those of the opened map. */
  protected constructor(
    revision: number,
    firstLogged: number,
    policy: CompactionPolicy = DEFAULT_COMPACTION,
  ) {
    this.#revision = revision;
    this.#firstLogged = firstLogged;
    this.#clock = new CompactionClock(policy);
    this.#clock.note(revision, 0, performance.now());
    this.#idle = setInterval(() => this.#start(), IDLE_COMPACTION_MS);
    this.#idle.unref();
  }

  /** The durable record at a key. */
  protected abstract read(key: string): Buffer | undefined;
  /**
   * Durable records from `start` (inclusive) to `end` (exclusive), all of the state at the time of
   * the call.
   */
  protected abstract scan(start: string, end: string): Snapshot;
  protected abstract countKeys(start: string, end: string): number;
  protected abstract readLog(revision: number): Buffer | undefined;
  /** Makes a commit durable and then visible to reads; rejects when nothing of it was written. */
  protected abstract commit(commit: Commit): Promise<void>;
  protected abstract release(): Promise<void>;

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#firstLogged - 1;
  }

  #assertOpen(): void {
    if (this.#released) {
      throw closedError();
    }
  }

  get(key: string): StoredObject | undefined {
    this.#assertOpen();

    const recent = this.#recent.get(key);
    if (recent) {
      return recent;
    }

    const record = this.read(key);
    if (!record) {
      return undefined;
    }

    const object = new StoredObject(key, record);
    this.#recent.keep(object);

    return object;
  }

  count(prefix: string): number {
    this.#assertOpen();

    const known = this.#counts.get(prefix);
    if (known !== undefined) {
      return known;
    }

    const count = this.countKeys(prefix, endOfPrefix(prefix));

    // Keys of the running commit may be counted already, and are counted again once it is
    // announced.
    if (!this.#isCommitting) {
      this.#counts.set(prefix, count);
    }

    return count;
  }

  range({ prefix, start = prefix, revision = this.#revision }: Range): Snapshot {
    this.#assertOpen();

    const end = endOfPrefix(prefix);

    if (revision >= this.#revision) {
      return this.scan(start, end);
    }
    if (revision < this.compactedRevision) {
      throw expired(`The resourceVersion for the provided list is too old.`);
    }

    const states = new Map<string, StoredObject | undefined>();

    for (let at = this.#revision; at > revision; at--) {
      const entry = this.#logged(at);
      if (entry.key >= start && entry.key < end) {
        states.set(entry.key, previousOf(entry));
      }
    }

    return olderSnapshot(this.scan(start, end), states);
  }

  eventsSince(revision: number, prefix: string): StorageEvent[] {
    this.#assertOpen();

    if (revision < this.compactedRevision) {
      throw expired(`too old resource version: ${revision} (${this.compactedRevision})`);
    }

    const later = new Map<string, StoredObject>();
    const events: StorageEvent[] = [];

    for (let at = this.#revision; at > revision; at--) {
      const entry = this.#logged(at);
      if (!entry.key.startsWith(prefix)) {
        continue;
      }

      const previous = previousOf(entry);
      const object =
        entry.type === 'DELETED' ? previous : (later.get(entry.key) ?? this.get(entry.key));
      if (object) {
        events.push({
          revision: at,
          key: entry.key,
          type: entry.type,
          object,
          ...(previous && { previous }),
        });
      }

      if (previous) {
        later.set(entry.key, previous);
      }
    }

    return events.reverse();
  }

  update(key: string, decide: PendingWrite['decide']): Promise<WriteResult> {
    if (this.#closed) {
      return Promise.reject(closedError());
    }

    if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
      return Promise.reject(
        new StatusError(422, 'Invalid', `the object's name is too long to be stored`),
      );
    }

    return new Promise((resolve, reject) => {
      this.#queue.push({ key, decide, resolve, reject });
      this.#start();
    });
  }

  onCommit(listener: (events: readonly StorageEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }

    this.#closed = true;
    clearInterval(this.#idle);

    while (this.#running) {
      await this.#running;
    }

    this.#released = true;
    await this.release();
  }

  #logged(revision: number): LogEntry {
    const bytes = this.readLog(revision);
    if (!bytes) {
      throw internalError(
        `the change of revision ${revision} is missing in the log: restore a backup`,
      );
    }

    return decodeLogEntry(bytes, revision);
  }

  #start(): void {
    this.#running ??= Promise.resolve()
      .then(() => this.#drain())
      .finally(() => {
        this.#running = undefined;
        if (this.#queue.length > 0) {
          this.#start();
        }
      });
  }

  async #drain(): Promise<void> {
    do {
      await this.#commitNext();
    } while (this.#queue.length > 0);
  }

  /** Decides queued writes, commits them together, then calls listeners and answers writers. */
  async #commitNext(): Promise<void> {
    const batch = new WriteBatch(this, this.#revision);
    batch.decide(this.#queue);

    const writes = this.#queue.splice(0, batch.taken);
    const { events, log, revision } = batch;
    const target = this.#clock.target(revision, performance.now());

    const forget = {
      first: this.#firstLogged,
      last: Math.min(target, this.#firstLogged + MAX_FORGOTTEN - 1),
    };

    if (events.length > 0 || forget.last >= forget.first) {
      this.#isCommitting = true;

      try {
        await this.commit({ objects: batch.records(), log, revision, forget });
      } catch (error) {
        // Writes that changed nothing fail too: they may have read what was not stored.
        for (const write of writes) {
          write.reject(commitFailure(error));
        }

        return;
      } finally {
        this.#isCommitting = false;
      }

      this.#revision = revision;
      this.#firstLogged = Math.max(this.#firstLogged, forget.last + 1);
      this.#announce(batch);
    }

    batch.answer();
  }

  /** Updates everything that follows the events, and calls the listeners. */
  #announce({ events, log, revision }: WriteBatch): void {
    if (events.length === 0) {
      return;
    }

    const bytes = log.reduce((sum, entry) => sum + entry.bytes.byteLength, 0);
    this.#clock.note(revision, bytes, performance.now());

    this.#recent.follow(events);
    this.#counts.follow(events);

    for (const listener of this.#listeners) {
      listener(events);
    }
  }
}

function commitFailure(error: unknown): StatusError {
  if (error instanceof StatusError) {
    return error;
  }

  const why = error instanceof Error ? error.message : error;

  return internalError(`the storage refused a write: ${why}`, error);
}
