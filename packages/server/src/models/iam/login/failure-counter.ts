/** Failures that are kept of one user or address; more lock out anyway. */
const MAX_OF_ONE = 1000;

/**
 * Users or addresses that are kept; beyond that, those whose last failure is longest ago are
 * dropped.
 */
const MAX_KEYS = 20_000;

/** Failed log-ins by user or by address within a window of time, each counted once by its id. */
export class FailureCounter {
  readonly #windowMs: number;
  /** Times (milliseconds since 1970) by id, by key; the key with the latest failure is last. */
  readonly #failures = new Map<string, Map<string, number>>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Counts a failure; ignores one that is too old or was counted before. */
  add(key: string, id: string, time: number): void {
    const oldest = Date.now() - this.#windowMs;
    if (!(time > oldest)) {
      return;
    }

    const failures = this.#failures.get(key) ?? new Map<string, number>();
    if (failures.has(id)) {
      return;
    }

    for (const [other, at] of failures) {
      if (at > oldest && failures.size < MAX_OF_ONE) {
        break;
      }
      failures.delete(other);
    }

    failures.set(id, time);
    this.#failures.delete(key);
    this.#failures.set(key, failures);

    if (this.#failures.size > MAX_KEYS) {
      const [longestAgo = ''] = this.#failures.keys();
      this.#failures.delete(longestAgo);
    }
  }

  /** Times of a key's failures within the window and after a time, oldest first. */
  since(key: string, time: number): readonly number[] {
    const after = Math.max(time, Date.now() - this.#windowMs);
    const times = [...(this.#failures.get(key)?.values() ?? [])];
    return times.filter((at) => at > after).sort((a, b) => a - b);
  }
}
