/** Something that takes memory. */
interface Sized {
  readonly bytes: number;
}

/** Keeps what was used most recently, within a number of bytes; the newest is always kept. */
export class SizedCache<K, V extends Sized> {
  readonly #limit: number;
  readonly #values = new Map<K, V>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the value of a key, and makes it where it is not kept. */
  get(key: K, make: () => V): V {
    const kept = this.#values.get(key);
    if (kept) {
      this.#values.delete(key);
      this.#values.set(key, kept);
      return kept;
    }

    const value = make();

    this.#values.set(key, value);
    this.#bytes += value.bytes;
    this.#shrink();

    return value;
  }

  delete(key: K): void {
    this.#bytes -= this.#values.get(key)?.bytes ?? 0;
    this.#values.delete(key);
  }

  #shrink(): void {
    for (const key of this.#values.keys()) {
      if (this.#bytes <= this.#limit || this.#values.size === 1) {
        return;
      }

      this.delete(key);
    }
  }
}
