import { randomInt } from 'node:crypto';

const RANDOM_TRIES = 16;

/** Numbers of a range that are given out at most once at a time. */
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

  /** Takes a number; false when it is taken. */
  take(number: number): boolean {
    if (this.#used.has(number)) {
      return false;
    }

    this.#used.add(number);
    return true;
  }

  /** Takes any free number; undefined when all are taken. */
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
