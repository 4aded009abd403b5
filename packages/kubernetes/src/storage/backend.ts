import type { EncodedObject, StoredObject } from './stored-object.ts';

/** One committed write. */
export interface Change {
  revision: number;
  key: string;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** State after the write; of a deletion, the last state before it. */
  object: StoredObject;
  /** State before the write; absent for ADDED. */
  previous?: StoredObject;
}

/**
 * What a writer decides once it sees the current state; `keep` writes nothing and uses up no
 * revision.
 */
export type Decision =
  | { action: 'put'; encode: (revision: number) => EncodedObject }
  | { action: 'delete' }
  | { action: 'keep' };

/**
 * What a write came to: the state after it (of a deletion, the state before it) and the revision it
 * was made at.
 */
export interface WriteResult {
  revision: number;
  object: StoredObject | undefined;
}

/**
 * Reads as a writer sees them: everything durable, and what was decided before it in the same
 * commit.
 */
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
  /** Shows the state as of an older revision instead of the newest. */
  revision?: number;
}

/**
 * An iteration over one consistent state; whoever does not read it to its end must call `return()`.
 */
export type Snapshot = IterableIterator<StoredObject> & { return(): IteratorResult<StoredObject> };

/** The longest key that a backend takes, in bytes of UTF-8 (LMDB's limit for pages of 4 KB). */
export const MAX_KEY_BYTES = 1978;

/**
 * An ordered map of objects with one global revision, the contract that the registry stands on.
 *
 * - Every write that changes something takes the next revision; no revision is ever used twice,
 * also after a crash.
 * - `update` settles only once its write is durable; a failed commit fails all of its writes and
 * leaves no trace.
 * - Reads show durable states only, and a write that has settled is seen by every later read.
 * - Listeners get every change once, in the order of revisions, after it is durable and visible to
 * reads.
 * - The last changes are remembered, over restarts too; asking for older ones throws a StatusError
 * 410.
 */
export interface Backend {
  /** Revision of the newest durable write. */
  readonly revision: number;
  /** Changes after this revision are still remembered. */
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
   * Decides and writes atomically: `decide` sees the current state, may throw to refuse, and must
   * be synchronous. What it throws rejects this call only.
   */
  update(
    key: string,
    decide: (current: StoredObject | undefined, reader: Reader) => Decision,
  ): Promise<WriteResult>;
  /**
   * Changes of keys under `prefix` after `revision`, oldest first; throws a StatusError 410 when
   * they are forgotten.
   */
  changesSince(revision: number, prefix: string): Change[];
  /**
   * Calls `listener` with every commit from now on; returns a function that ends this. Listeners
   * must not throw.
   */
  onCommit(listener: (changes: readonly Change[]) => void): () => void;
  /** Waits for writes under way and releases everything; later calls fail. */
  close(): Promise<void>;
}
