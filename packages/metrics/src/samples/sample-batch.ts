const FIRST_CAPACITY = 1024;

/**
 * Samples of one moment by series reference, and the references of series that end at that moment.
 * The arrays are reused from round to round.
 */
export class SampleBatch {
  #refs = new Uint32Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #size = 0;
  readonly #ended: number[] = [];

  /** How many samples there are. */
  get size(): number {
    return this.#size;
  }

  /** References of the series that end. */
  get ended(): readonly number[] {
    return this.#ended;
  }

  /** Whether there is neither a sample nor the end of a series. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#ended.length === 0;
  }

  add(ref: number, value: number): void {
    if (this.#size === this.#refs.length) {
      this.#grow();
    }

    this.#refs[this.#size] = ref;
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  /** Marks the end of a series. */
  end(ref: number): void {
    this.#ended.push(ref);
  }

  ref(index: number): number {
    return this.#refs[index] ?? 0;
  }

  value(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** Replaces the value of each sample, in order. */
  fill(next: (ref: number) => number): void {
    for (let index = 0; index < this.#size; index++) {
      this.#values[index] = next(this.#refs[index] ?? 0);
    }
  }

  clear(): void {
    this.#size = 0;
    this.#ended.length = 0;
  }

  #grow(): void {
    const refs = new Uint32Array(this.#refs.length * 2);
    const values = new Float64Array(this.#refs.length * 2);

    refs.set(this.#refs);
    values.set(this.#values);
    this.#refs = refs;
    this.#values = values;
  }
}
