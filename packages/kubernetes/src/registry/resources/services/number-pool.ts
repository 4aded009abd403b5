import { randomInt } from 'node:crypto';

const RANDOM_TRIES = 16;

/** Allocates the numbers of a range, each at most once at a time. */
export class NumberPool {
  readonly first: number;
  readonly last: number;
  readonly #used = new Set<number>();

  /** Both ends are inclusive. */
  constructor(first: number, last: number) {
    this.first = first;
    this.last = last;
  }

  has(number: number): boolean {
    return number >= this.first && number <= this.last;
  }

  /** Allocates a number; false when it is allocated already. */
  take(number: number): boolean {
    if (this.#used.has(number)) {
      return false;
    }

    this.#used.add(number);
    return true;
  }

  /** Allocates any free number; undefined when there is none. */
  pick(): number | undefined {
    const size = this.last - this.first + 1;

    for (let i = 0; i < RANDOM_TRIES; i++) {
      const number = this.first + randomInt(size);
      if (this.take(number)) {
        return number;
      }
    }

    for (let number = this.first; number <= this.last; number++) {
      if (this.take(number)) {
        return number;
      }
    }

    return undefined;
  }

  release(number: number): void {
    this.#used.delete(number);
  }
}
