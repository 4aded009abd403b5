import type { SampleColumns } from '../../samples/sample-columns.ts';

/** Most samples of a series that are not compressed yet. */
export const MAX_OPEN = 32;

/** How many series share an array. */
const SLAB = 1024;

/** Set in a time that marks the end of a series; times in a head take fewer bits. */
const END_BIT = 2 ** 31;

class Slab {
  readonly times = new Uint32Array(SLAB * MAX_OPEN);
  readonly values = new Float64Array(SLAB * MAX_OPEN);
  readonly counts = new Uint8Array(SLAB);
}

/**
 * The newest samples of all series of the head, as they came. Times are milliseconds since the
 * head's beginning, less than 2^31.
 */
export class OpenSamples {
  readonly #slabs: Slab[] = [];

  /** Bytes of memory. */
  get bytes(): number {
    return this.#slabs.length * SLAB * (MAX_OPEN * 12 + 1);
  }

  /** Adds a sample, or with `'end'` the end of the series; returns how many there are then. */
  add(ref: number, time: number, value: number | 'end'): number {
    const slab = this.#slabOf(ref);
    const series = ref % SLAB;
    const count = slab.counts[series] ?? 0;
    const at = series * MAX_OPEN + count;

    slab.times[at] = value === 'end' ? time + END_BIT : time;
    slab.values[at] = value === 'end' ? 0 : value;
    slab.counts[series] = count + 1;

    return count + 1;
  }

  /** Reads the samples of a series from `start` to `end`; adds `origin` to their times. */
  read(
    ref: number,
    into: SampleColumns,
    { origin, start, end }: { origin: number; start: number; end: number },
  ): void {
    const slab = this.#slabOf(ref);
    const series = ref % SLAB;
    const first = series * MAX_OPEN;
    const last = first + (slab.counts[series] ?? 0);

    for (let at = first; at < last; at++) {
      const stored = slab.times[at] ?? 0;
      const isEnd = stored >= END_BIT;
      const time = origin + (isEnd ? stored - END_BIT : stored);

      if (time < start || time > end) {
        continue;
      }

      if (isEnd) {
        into.pushEnd(time);
      } else {
        into.push(time, slab.values[at] ?? 0);
      }
    }
  }

  /** Forgets the samples of a series. */
  clear(ref: number): void {
    this.#slabOf(ref).counts[ref % SLAB] = 0;
  }

  #slabOf(ref: number): Slab {
    const index = Math.floor(ref / SLAB);
    let slab = this.#slabs[index];

    while (!slab) {
      this.#slabs.push(new Slab());
      slab = this.#slabs[index];
    }

    return slab;
  }
}
