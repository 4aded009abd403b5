import { firstIdOf, IDS_PER_MS, msOf } from '../../time/document-ids.ts';
import { type Connection, numberIn, prepareRaw, type Statement } from './database.ts';

/** Milliseconds of which the next free id is remembered. */
const MAX_REMEMBERED = 10_000;

/** Gives the documents of a file ids in the order of their times. */
export class IdAssigner {
  readonly #last: Statement;
  /** The next free id of a millisecond, which may be behind it. */
  readonly #next = new Map<number, number>();

  /** `table` has the ids as its primary key. */
  constructor(connection: Connection, table: string) {
    this.#last = prepareRaw(connection, `SELECT max(id) FROM ${table} WHERE id >= ? AND id < ?`);
  }

  /** Returns a free id of a millisecond, or the first free one behind it. */
  assign(ms: number): number {
    for (let at = ms; ; at++) {
      const next = this.#nextOf(at);

      if (next < firstIdOf(at + 1)) {
        this.#next.set(at, next + 1);
        return next;
      }
    }
  }

  #nextOf(ms: number): number {
    const known = this.#next.get(ms);
    if (known !== undefined) {
      return known;
    }

    const first = firstIdOf(ms);
    const last = numberIn(this.#last.get(first, first + IDS_PER_MS));

    return Math.max(first, last + 1);
  }

  /** Forgets ids that were given in a transaction that has ended, or was rolled back. */
  reset(): void {
    if (this.#next.size > MAX_REMEMBERED) {
      this.#next.clear();
    }
  }
}

/** Returns how far behind its millisecond an id is, in milliseconds. */
export function shiftOf(id: number, ms: number): number {
  return msOf(id) - ms;
}
