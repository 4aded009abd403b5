const FIRST_MS = 250;
const LONGEST_MS = 4000;

/** Addresses that are remembered, and for how long after their last failure, in milliseconds. */
const MAX_ADDRESSES = 10_000;
const FORGET_MS = 300_000;

interface Failures {
  count: number;
  lastAt: number;
}

/** Makes addresses wait that fail to authenticate, longer each time. */
export class Penalties {
  readonly #failures = new Map<string, Failures>();

  /** Counts a failure; returns how long the address has to wait, in milliseconds. */
  fail(address: string): number {
    const now = performance.now();
    const before = this.#failures.get(address);
    const count = before && now - before.lastAt < FORGET_MS ? before.count + 1 : 1;

    // Behind all others, so that the first one is the oldest.
    this.#failures.delete(address);
    this.#failures.set(address, { count, lastAt: now });

    if (this.#failures.size > MAX_ADDRESSES) {
      const [oldest] = this.#failures.keys();
      this.#failures.delete(oldest ?? '');
    }

    return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(count - 1, 10));
  }

  /** Forgets the failures of an address that has authenticated. */
  succeed(address: string): void {
    this.#failures.delete(address);
  }
}
