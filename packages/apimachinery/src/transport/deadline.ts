/**
 * A signal that is aborted with the first of others, or when its time is over. `AbortSignal.any`
 * does not work for this on Node 20: it loses timeouts and listeners when memory is collected.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #others: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout;
  readonly #abort = (event: Event) => this.#controller.abort((event.target as AbortSignal).reason);

  /**
   * `ms` is the time in milliseconds after which the signal is aborted with a TimeoutError. `end`
   * must be called.
   */
  constructor(ms: number, ...others: readonly AbortSignal[]) {
    this.#others = others;

    const late = () =>
      this.#controller.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError'));
    this.#timer = setTimeout(late, ms);
    this.#timer.unref();

    for (const signal of others) {
      if (signal.aborted) {
        this.#controller.abort(signal.reason);
      } else {
        signal.addEventListener('abort', this.#abort, { once: true });
      }
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Releases the other signals and the timer; the signal is not aborted any more. */
  end(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#others) {
      signal.removeEventListener('abort', this.#abort);
    }
  }
}
