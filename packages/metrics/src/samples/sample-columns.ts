/** Bits of the value that marks the end of a series, a NaN as Prometheus writes it. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const LOW = isLittleEndian ? 0 : 1;
const HIGH = 1 - LOW;

/**
 * Samples of one series, ascending by time: times in milliseconds since 1970 and values. A value
 * may also mark the end of the series; it is a NaN, and `isEnd` tells it from others.
 */
export class SampleColumns {
  #times: Float64Array;
  #values: Float64Array;
  #words: Uint32Array;
  #size = 0;

  constructor(capacity = 16) {
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#words = new Uint32Array(this.#values.buffer);
  }

  /** How many samples there are. */
  get size(): number {
    return this.#size;
  }

  /** The times; valid until the next change. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#size);
  }

  /** The values; valid until the next change. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#size);
  }

  /** Returns a sample's time, NaN where there is none. */
  time(index: number): number {
    return index >= 0 && index < this.#size ? (this.#times[index] ?? Number.NaN) : Number.NaN;
  }

  value(index: number): number {
    return this.#values[index] ?? Number.NaN;
  }

  /** Whether a sample marks the end of the series. */
  isEnd(index: number): boolean {
    return (
      this.#words[index * 2 + HIGH] === STALE_HIGH && this.#words[index * 2 + LOW] === STALE_LOW
    );
  }

  push(time: number, value: number): void {
    if (this.#size === this.#times.length) {
      this.#grow();
    }

    this.#times[this.#size] = time;
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  /** Marks the end of the series. */
  pushEnd(time: number): void {
    this.push(time, 0);
    this.#words[(this.#size - 1) * 2 + HIGH] = STALE_HIGH;
    this.#words[(this.#size - 1) * 2 + LOW] = STALE_LOW;
  }

  /** Adds samples of others; returns whether the times still ascend. */
  append(others: SampleColumns): boolean {
    const isAscending = this.#size === 0 || !(others.time(0) <= this.time(this.#size - 1));
    const size = this.#size + others.size;

    while (this.#times.length < size) {
      this.#grow();
    }

    this.#times.set(others.times, this.#size);
    this.#words.set(others.#words.subarray(0, others.size * 2), this.#size * 2);
    this.#size = size;

    return isAscending;
  }

  /** Returns the samples in ascending order, one for each time. */
  sorted(): SampleColumns {
    const order = Array.from({ length: this.#size }, (_, index) => index).sort(
      (a, b) => this.time(a) - this.time(b) || a - b,
    );
    const sorted = new SampleColumns(this.#size);

    for (const index of order) {
      const time = this.time(index);

      if (time === sorted.time(sorted.size - 1)) {
        continue;
      }

      if (this.isEnd(index)) {
        sorted.pushEnd(time);
      } else {
        sorted.push(time, this.value(index));
      }
    }

    return sorted;
  }

  clear(): void {
    this.#size = 0;
  }

  #grow(): void {
    const capacity = Math.max(16, this.#times.length * 2);
    const times = new Float64Array(capacity);
    const words = new Uint32Array(capacity * 2);

    times.set(this.#times);
    // Copies bits: a NaN keeps its meaning.
    words.set(this.#words);
    this.#times = times;
    this.#words = words;
    this.#values = new Float64Array(words.buffer);
  }
}
