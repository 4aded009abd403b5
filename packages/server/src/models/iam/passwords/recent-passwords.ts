import { createHmac, randomBytes } from 'node:crypto';
import { checkPassword } from './passwords.ts';

const LIFE_MS = 60_000;

/** Comparisons that are remembered: further ones push out the oldest. */
const MOST = 1000;

/** A comparison that is under way or has ended well. */
interface Comparison {
  outcome: Promise<boolean>;
  /** Milliseconds of the clock until which it counts. */
  until: number;
}

/**
 * Remembers for a minute that a password fits a hash: kubectl sends the same Basic credential with
 * some 40 calls at once, and bcrypt takes 50 ms of a core each time. A password that changes has
 * another hash, so that the old one ends at once.
 */
export class RecentPasswords {
  readonly #key = randomBytes(32);
  readonly #comparisons = new Map<string, Comparison>();
  readonly #compare: typeof checkPassword;
  readonly #now: () => number;

  constructor(compare = checkPassword, now: () => number = Date.now) {
    this.#compare = compare;
    this.#now = now;
  }

  /**
   * Whether a password fits a stored hash. Throws TooManyRequests when too many comparisons wait.
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

    this.#comparisons.delete(id);

    if (this.#comparisons.size >= MOST) {
      const [oldest] = this.#comparisons.keys();
      this.#comparisons.delete(oldest!);
    }

    this.#comparisons.set(id, comparison);

    const forget = () => {
      if (this.#comparisons.get(id) === comparison) {
        this.#comparisons.delete(id);
      }
    };

    outcome.then((fits) => fits || forget(), forget);
  }
}
