import type { EncodedObject, StoredObject } from './stored-object.ts';

/** One key that was put or deleted at a revision. */
export interface StorageEvent {
  revision: number;
  key: string;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** State after the write; of a deletion, the last state before it. */
  object: StoredObject;
  /** State before the write; absent for ADDED. */
  previous?: StoredObject;
}

/** What a writer decides about the current state; `keep` writes nothing and takes no revision. */
export type Decision =
  | { action: 'put'; encode: (revision: number) => EncodedObject }
  | { action: 'delete' }
  | { action: 'keep' };

/** The state after a write (of a deletion, the state before it), and the revision of the write. */
export interface WriteResult {
  revision: number;
  object: StoredObject | undefined;
}

/** Reads as a writer sees them: what is durable, and what the same commit decided before it. */
export interface Reader {
  get(key: string): StoredObject | undefined;
}

/**
 * Part of the key space: keys that begin with `prefix`, which ends with `/`, from `start`
 * (inclusive) on.
 */
export interface Range {
  prefix: string;
  start?: string;
  /** Reads the state at an older revision instead of the newest. */
  revision?: number;
}

/**
 * An iteration over one consistent state. A reader that does not read it to its end must call
 * `return()`.
 */
export type Snapshot = IterableIterator<StoredObject> & { return(): IteratorResult<StoredObject> };

/** The longest key of a backend, in bytes of UTF-8 (LMDB's limit for pages of 4 KB). */
export const MAX_KEY_BYTES = 1978;

/**
 * An ordered map of objects with one global revision.
 *
 * - Every write that changes something takes the next revision; no revision is ever used twice,
 * also after a crash.
 * - `update` settles only once its write is durable; a failed commit fails all of its writes and
 * stores nothing.
 * - Reads show durable states only, and a write that has settled is seen by every later read.
 * - Listeners get every event once, in the order of revisions, after it is durable and visible to
 * reads.
 * - The last events are remembered, also after a restart; asking for older ones throws a StatusError
 * 410.
 */
export interface Backend {
  /** Revision of the newest durable write. */
  readonly revision: number;
  /** Events after this revision are still remembered. */
  readonly compactedRevision: number;
  get(key: string): StoredObject | undefined;
  /**
   * Objects in the order of their keys; throws a StatusError 410 when `revision` is no longer
   * remembered.
   */
  range(range: Range): Snapshot;
  /** Number of keys that begin with `prefix`. */
  count(prefix: string): number;
  /**
   * Decides and writes atomically: `decide` gets the current state, may throw to refuse the write,
   * and must be synchronous. An error that it throws rejects this call only.
   */
  update(
    key: string,
    decide: (current: StoredObject | undefined, reader: Reader) => Decision,
  ): Promise<WriteResult>;
  /**
   * Events of keys under `prefix` after `revision`, oldest first; throws a StatusError 410 when they
   * are forgotten.
   */
  eventsSince(revision: number, prefix: string): StorageEvent[];
  /**
   * Calls `listener` with every commit from now on; returns a function that ends this. Listeners
   * must not throw.
   */
  onCommit(listener: (events: readonly StorageEvent[]) => void): () => void;
  /** Waits for writes under way and releases everything; later calls fail. */
  close(): Promise<void>;
}
