import { RetryRateLimiter } from './retry-rate-limiter.ts';

/** Does the work of one key. Must be idempotent, and end soon once `signal` is aborted. */
export type Work = (key: string, signal: AbortSignal) => Promise<void>;

/** What becomes of a key whose work failed. */
export type FailureAction = 'retry' | 'drop';

/** How a work queue runs. */
export interface WorkQueueOptions {
  /** How many keys are worked on at the same time. */
  workers: number;
  /** Reports the failure of a key, where it is worth a report, and says what becomes of the key. */
  onFailure: (key: string, error: unknown) => FailureAction;
}

/**
 * A key that failed is tried earlier than its back-off says when it is added again, but not at
 * once: work that writes something each time before it fails would otherwise never wait.
 */
const EARLIEST_RETRY_MS = 1000;

/**
 * Works on keys: on each by one worker at a time, once more when it was added meanwhile, and after
 * a growing wait when it failed (as client-go's rate-limited work queue).
 */
export class WorkQueue {
  readonly #work: Work;
  readonly #options: WorkQueueOptions;
  readonly #limiter = new RetryRateLimiter();
  readonly #stop = new AbortController();
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #addedWhileRunning = new Set<string>();
  /** Keys that failed, with the time in milliseconds of performance.now() of their earliest try. */
  readonly #held = new Map<string, number>();
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  #onIdle: (() => void)[] = [];

  constructor(work: Work, options: WorkQueueOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** Whether the queue was stopped: nothing is worked on any more. */
  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Has a key worked on soon. */
  add(key: string): void {
    if (this.isStopped) {
      return;
    }

    if (this.#running.has(key)) {
      this.#addedWhileRunning.add(key);
      return;
    }

    const holdMs = (this.#held.get(key) ?? 0) - performance.now();
    if (holdMs > 0) {
      this.addAfter(key, holdMs);
      return;
    }

    this.#waiting.add(key);
    queueMicrotask(() => this.#startWorkers());
  }

  /** Has a key worked on after some milliseconds, unless it is due earlier anyway. */
  addAfter(key: string, ms: number): void {
    if (this.isStopped) {
      return;
    }

    const at = performance.now() + ms;
    const planned = this.#timers.get(key);
    if (planned && planned.at <= at) {
      return;
    }

    clearTimeout(planned?.timer);

    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.#held.delete(key);
      this.add(key);
    }, ms);
    timer.unref();
    this.#timers.set(key, { at, timer });
  }

  /** Resolves when no key waits for a worker or has one; keys that are due later do not count. */
  settled(): Promise<void> {
    if (this.#waiting.size + this.#running.size === 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Drops what waits, aborts what runs, and resolves when that has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waiting.clear();

    for (const { timer } of this.#timers.values()) {
      clearTimeout(timer);
    }

    this.#timers.clear();
    await this.settled();
  }

  #startWorkers(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#options.workers) {
        return;
      }

      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    clearTimeout(this.#timers.get(key)?.timer);
    this.#timers.delete(key);
    this.#held.delete(key);

    try {
      await this.#work(key, this.#stop.signal);
      this.#limiter.forget(key);
    } catch (error) {
      this.#fail(key, error);
    }

    this.#running.delete(key);

    if (this.#addedWhileRunning.delete(key)) {
      this.add(key);
    }

    this.#startWorkers();

    if (this.#waiting.size + this.#running.size === 0) {
      for (const resolve of this.#onIdle.splice(0)) {
        resolve();
      }
    }
  }

  #fail(key: string, error: unknown): void {
    // Work that was interrupted by the stop has not failed.
    if (this.isStopped) {
      return;
    }

    if (this.#options.onFailure(key, error) === 'drop') {
      this.#limiter.forget(key);
      return;
    }

    const backOffMs = this.#limiter.when(key);
    this.#held.set(key, performance.now() + Math.min(backOffMs, EARLIEST_RETRY_MS));
    this.addAfter(key, backOffMs);
  }
}
