import { expired, internalError, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Backend, Change, Decision, Range, Reader, Snapshot, WriteResult } from './backend.ts';
import { MAX_KEY_BYTES } from './backend.ts';
import {
  CompactionClock,
  type CompactionPolicy,
  DEFAULT_COMPACTION,
  decodeLogEntry,
  encodeLogEntry,
  previousOf,
} from './change-log.ts';
import { RecentObjects } from './recent-objects.ts';
import { encodeRecord, StoredObject } from './stored-object.ts';

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

interface Pending {
  key: string;
  decide: (current: StoredObject | undefined, reader: Reader) => Decision;
  resolve: (result: WriteResult) => void;
  reject: (error: unknown) => void;
}

/** Longest time that deciding the writes of one commit may hold the event loop, in milliseconds. */
const DECIDE_BUDGET_MS = 12;
const MAX_COMMIT_WRITES = 512;

/** Log entries that one commit forgets at most, so that compaction never holds anything up. */
const MAX_FORGOTTEN = 1_000;
const MAX_COUNTS = 10_000;
const IDLE_COMPACTION_MS = 30_000;

/** 503: the backend was closed. */
export function closedError(): StatusError {
  return new StatusError(503, 'ServiceUnavailable', 'the storage is closed');
}

/** The end (exclusive) of the keys that begin with a prefix ending in `/`. */
export function endOfPrefix(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

/**
 * Revisions, group commit, history and change dispatch over any ordered map; subclasses bring the
 * map.
 */
export abstract class RevisionedBackend implements Backend {
  #revision: number;
  #firstLogged: number;
  readonly #clock: CompactionClock;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  readonly #idle: NodeJS.Timeout;
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  /** Numbers of keys by prefix, as far as they were asked for. */
  readonly #counts = new Map<string, number>();
  readonly #recent = new RecentObjects();
  /** True while a commit is under way: reads may see it before its listeners are told. */
  #committing = false;
  #closed = false;
  #released = false;

  /**
   * `revision` and `firstLogged` (the oldest revision in the log) are what the map held when it was
   * opened.
   */
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

    let count = this.#counts.get(prefix);
    if (count === undefined) {
      count = this.countKeys(prefix, endOfPrefix(prefix));

      // What is being committed may be seen already, and is counted once that is told.
      if (this.#committing) {
        return count;
      }
      if (this.#counts.size >= MAX_COUNTS) {
        this.#counts.clear();
      }

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

    const then = new Map<string, StoredObject | undefined>();

    for (let at = this.#revision; at > revision; at--) {
      const entry = this.#logged(at);
      if (entry.key >= start && entry.key < end) {
        then.set(entry.key, previousOf(entry));
      }
    }

    return overlaid(this.scan(start, end), then);
  }

  changesSince(revision: number, prefix: string): Change[] {
    this.#assertOpen();

    if (revision < this.compactedRevision) {
      throw expired(`too old resource version: ${revision} (${this.compactedRevision})`);
    }

    const later = new Map<string, StoredObject>();
    const changes: Change[] = [];

    for (let at = this.#revision; at > revision; at--) {
      const entry = this.#logged(at);
      if (!entry.key.startsWith(prefix)) {
        continue;
      }

      const previous = previousOf(entry);
      const object =
        entry.type === 'DELETED' ? previous : (later.get(entry.key) ?? this.get(entry.key));
      if (object) {
        changes.push({
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

    return changes.reverse();
  }

  update(key: string, decide: Pending['decide']): Promise<WriteResult> {
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

  onCommit(listener: (changes: readonly Change[]) => void): () => void {
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

  /**
   * Brings the known numbers of keys up to date: of every prefix of the key that ends with a slash.
   */
  #recount({ key, type }: Change): void {
    if (type === 'MODIFIED' || this.#counts.size === 0) {
      return;
    }

    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const prefix = key.slice(0, slash + 1);
      const count = this.#counts.get(prefix);
      if (count !== undefined) {
        this.#counts.set(prefix, count + (type === 'ADDED' ? 1 : -1));
      }
    }
  }

  #logged(revision: number) {
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

  /**
   * Decides queued writes one after the other, commits them together, then tells listeners and
   * writers.
   */
  async #commitNext(): Promise<void> {
    const objects = new Map<string, StoredObject | null>();
    const changes: Change[] = [];
    const log: { revision: number; bytes: Buffer }[] = [];

    // Also refusals wait for the commit: they may rest on a write that is not durable yet.
    const answers: (() => void)[] = [];

    const reader: Reader = {
      get: (key) => {
        const decided = objects.get(key);
        return decided === undefined ? this.get(key) : (decided ?? undefined);
      },
    };

    let revision = this.#revision;
    const began = performance.now();
    let taken = 0;

    for (const pending of this.#queue) {
      if (
        taken >= MAX_COMMIT_WRITES ||
        (taken > 0 && performance.now() - began > DECIDE_BUDGET_MS)
      ) {
        break;
      }

      taken++;

      try {
        const change = decideOne(pending, reader, revision + 1);
        if ('change' in change) {
          revision++;

          const { key, type, object, previous } = change.change;

          changes.push(change.change);
          objects.set(key, type === 'DELETED' ? null : object);

          log.push({
            revision,
            bytes: encodeLogEntry(
              { type, key, ...(previous && { previous: previous.record }) },
              revision,
            ),
          });

          const result = { revision, object };
          answers.push(() => pending.resolve(result));
        } else {
          answers.push(() => pending.resolve(change.kept));
        }
      } catch (error) {
        answers.push(() => pending.reject(error));
      }
    }

    const batch = this.#queue.splice(0, taken);
    const target = this.#clock.target(revision, performance.now());

    const forget = {
      first: this.#firstLogged,
      last: Math.min(target, this.#firstLogged + MAX_FORGOTTEN - 1),
    };

    if (changes.length > 0 || forget.last >= forget.first) {
      this.#committing = true;

      try {
        await this.commit({ objects: recordsOf(changes), log, revision, forget });
      } catch (error) {
        this.#committing = false;

        const failure =
          error instanceof StatusError
            ? error
            : internalError(
                `the storage refused a write: ${error instanceof Error ? error.message : error}`,
                error,
              );

        // Also those that wrote nothing fail: what they saw may never come to be.
        for (const pending of batch) {
          pending.reject(failure);
        }

        return;
      }

      this.#committing = false;
      this.#revision = revision;
      this.#firstLogged = Math.max(this.#firstLogged, forget.last + 1);

      if (log.length > 0) {
        this.#clock.note(
          revision,
          log.reduce((sum, entry) => sum + entry.bytes.byteLength, 0),
          performance.now(),
        );

        this.#recent.follow(changes);

        for (const change of changes) {
          this.#recount(change);
        }

        for (const listener of this.#listeners) {
          listener(changes);
        }
      }
    }

    for (const answer of answers) {
      answer();
    }
  }
}

function decideOne(
  pending: Pending,
  reader: Reader,
  revision: number,
): { change: Change } | { kept: WriteResult } {
  const { key } = pending;
  const current = reader.get(key);
  const decision = pending.decide(current, reader);
  if (decision.action === 'put') {
    const object = encodeRecord(key, revision, decision.encode(revision));
    return current
      ? { change: { revision, key, type: 'MODIFIED', object, previous: current } }
      : { change: { revision, key, type: 'ADDED', object } };
  }

  if (decision.action === 'delete' && current) {
    return { change: { revision, key, type: 'DELETED', object: current, previous: current } };
  }

  return { kept: { revision: current?.revision ?? revision - 1, object: current } };
}

function recordsOf(changes: readonly Change[]): Commit['objects'] {
  const records = new Map<string, { before: Buffer | null; after: Buffer | null }>();

  for (const { key, type, object, previous } of changes) {
    const after = type === 'DELETED' ? null : object.record;
    const earlier = records.get(key);
    if (earlier) {
      earlier.after = after;
    } else {
      records.set(key, { before: previous?.record ?? null, after });
    }
  }

  return records;
}

/** A snapshot with some keys replaced by older states (undefined: the key did not exist). */
function overlaid(base: Snapshot, then: Map<string, StoredObject | undefined>): Snapshot {
  const keys = [...then.keys()].sort();
  let at = 0;
  let ahead: StoredObject | undefined;

  const nextOfBase = () => {
    const next = base.next();
    ahead = next.done ? undefined : next.value;
  };

  nextOfBase();

  const snapshot: Snapshot = {
    next() {
      for (;;) {
        const key = keys[at];
        if (key !== undefined && (ahead === undefined || key <= ahead.key)) {
          if (ahead?.key === key) {
            nextOfBase();
          }

          at++;

          const object = then.get(key);
          if (object) {
            return { done: false, value: object };
          }
        } else if (ahead) {
          const value = ahead;
          nextOfBase();
          return { done: false, value };
        } else {
          return { done: true, value: undefined };
        }
      }
    },
    return() {
      at = keys.length;
      ahead = undefined;
      base.return();
      return { done: true, value: undefined };
    },
    [Symbol.iterator]: () => snapshot,
  };

  return snapshot;
}
