import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { checkPassword } from './passwords.ts';

const LIFE_MS = 60_000;

/** Comparisons that are remembered; the least recently used is dropped first. */
const MAX_COMPARISONS = 1000;

/** A comparison that is running or has succeeded. */
interface Comparison {
  outcome: Promise<boolean>;
  /** The clock's milliseconds until which it counts. */
  until: number;
}

/**
 * Remembers for a minute that a password matches a hash: kubectl sends the same Basic credentials
 * with about 40 calls at once, and bcrypt takes 50 ms of a core each time. A changed password has
 * another hash, so the old one is no longer accepted.
 */
export class RecentPasswords {
  readonly #key = randomBytes(32);
  readonly #comparisons = new LRUCache<string, Comparison>({ max: MAX_COMPARISONS });
  readonly #compare: typeof checkPassword;
  readonly #now: () => number;

  constructor(compare = checkPassword, now: () => number = Date.now) {
    this.#compare = compare;
    this.#now = now;
  }

  /**
   * Whether a password matches a stored hash. Throws TooManyRequests if too many comparisons wait.
   */
  check(password: string, stored: string | undefined): Promise<boolean> {
    const id = createHmac('sha256', this.#key)
      .update(JSON.stringify([stored ?? null, password]))
      .digest('base64');
    const known = this.#comparisons.get(id);
    if (known && known.until > this.#now()) {
      return known.outcome;
    }

    const outcome = this.#compare(password, stored);
    this.#remember(id, outcome);

    return outcome;
  }

  #remember(id: string, outcome: Promise<boolean>): void {
    const comparison = { outcome, until: this.#now() + LIFE_MS };

    this.#comparisons.set(id, comparison);

    const forget = () => {
      if (this.#comparisons.get(id) === comparison) {
        this.#comparisons.delete(id);
      }
    };

    outcome.then((fits) => fits || forget(), forget);
  }
}
