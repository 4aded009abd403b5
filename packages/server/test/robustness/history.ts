/**
 * A call on one object, and its result. Times are ticks of one counter: a smaller one was earlier.
 */
export interface Operation {
  key: string;
  kind: 'create' | 'update' | 'delete' | 'get';
  /** The content that a create or update writes; each write has its own. */
  writes?: string;
  /**
   * The content that an update or delete is based on, by its resourceVersion; a delete without it
   * accepts any.
   */
  expects?: string;
  called: number;
  /**
   * Tick of the answer; for an interrupted call, the tick from which it can no longer take effect.
   */
  returned: number;
  /**
   * `exists`, `conflict` and `missing` are refusals; an `unknown` call may or may not have had an
   * effect.
   */
  result: 'ok' | 'exists' | 'conflict' | 'missing' | 'unknown';
  /** resourceVersion of the answer. */
  revision?: number;
  /** The content that a get returned. */
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

/** One watch, from the resourceVersion after which it began to its end. */
export interface Watching {
  after: number;
  events: Seen[];
}

/** The records of all clients of a test. */
export class History {
  readonly operations: Operation[] = [];
  readonly listings: Listing[] = [];
  /** The watches of each watcher, each resumed where the one before it ended. */
  readonly watchers: Watching[][] = [];
  #time = 0;

  /** Returns the next tick. */
  tick(): number {
    return ++this.#time;
  }
}
