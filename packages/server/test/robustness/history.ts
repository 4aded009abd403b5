/**
 * A call on one object, and what came of it. Times are ticks of one counter: a smaller one was
 * earlier.
 */
export interface Operation {
  key: string;
  kind: 'create' | 'update' | 'delete' | 'get';
  /** The content that a create or update writes; no two writes have the same. */
  writes?: string;
  /**
   * The content that an update or delete is based on, by its resourceVersion; without it, a delete
   * takes any.
   */
  expects?: string;
  called: number;
  /** When the answer came; of a call that was cut off, when nothing could come of it any more. */
  returned: number;
  /**
   * `exists`, `conflict` and `missing` are refusals; of an `unknown` call it is not known whether
   * it had any effect.
   */
  result: 'ok' | 'exists' | 'conflict' | 'missing' | 'unknown';
  /** resourceVersion of the answer. */
  revision?: number;
  /** The content that a get answered with. */
  reads?: string;
}

/** A list of all keys. */
export interface Listing {
  revision: number;
  /** Content by key. */
  items: Map<string, string>;
  called: number;
  returned: number;
}

/** An event of a watch. */
export interface Seen {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  key: string;
  content: string;
}

/** One watch, from the resourceVersion that it began after to its end. */
export interface Watching {
  after: number;
  events: Seen[];
}

/** Everything that the clients of a test did and saw. */
export class History {
  readonly operations: Operation[] = [];
  readonly listings: Listing[] = [];
  /** The watches of each watcher, each resumed where the one before it ended. */
  readonly watchers: Watching[][] = [];
  #time = 0;

  /** The next tick. */
  tick(): number {
    return ++this.#time;
  }
}
