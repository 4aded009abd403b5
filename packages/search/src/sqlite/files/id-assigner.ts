import { firstIdOf, IDS_PER_MS } from '../../time/document-ids.ts';
import { type Connection, numberIn, prepareRaw, type Statement } from './database.ts';

/** Milliseconds of which the next free id is remembered. */
const MAX_REMEMBERED = 10_000;

/** Gives the documents of a file ids in the order of their times. */
export class IdAssigner {
  readonly #day: number;
  readonly #last: Statement;
  /** The next free id of a millisecond, which may be behind it. */
  readonly #next = new Map<number, number>();

  /** `table` has the ids as its primary key. */
  constructor(connection: Connection, table: string, day: number) {
    this.#day = day;
    this.#last = prepareRaw(connection, `SELECT max(id) FROM ${table} WHERE id >= ? AND id < ?`);
  }

  /** Returns a free id of a millisecond, or the first free one behind it. */
  assign(ms: number): number {
    for (let at = ms; ; at++) {
      const next = this.#nextOf(at);

      if (next < firstIdOf(this.#day, at + 1)) {
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

    const first = firstIdOf(this.#day, ms);
    const row = this.#last.get(first, first + IDS_PER_MS);

    return Math.max(first, numberIn(row) + 1);
  }

  /** Forgets ids that were given in a transaction that has ended, or was rolled back. */
  reset(): void {
    if (this.#next.size > MAX_REMEMBERED) {
      this.#next.clear();
    }
  }
}
