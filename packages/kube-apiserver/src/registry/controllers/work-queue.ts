import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * Runs work by key: each key once at a time, again when it was added while it ran; a bounded number
 * of keys at once.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #parallel: number;
  readonly #retryMs: number;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  #idle: (() => void)[] = [];
  #closed = false;

  /** `retryMs`: how long after a fault its key comes again. */
  constructor(work: (key: string) => Promise<void>, parallel = 16, retryMs = 5000) {
    this.#work = work;
    this.#parallel = parallel;
    this.#retryMs = retryMs;
  }

  add(key: string): void {
    if (this.#closed) {
      return;
    }

    this.#waiting.add(key);
    queueMicrotask(() => this.#pump());
  }

  /** Resolves when nothing waits or runs. */
  settled(): Promise<void> {
    if (this.#waiting.size + this.#running.size === 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Drops what waits; what runs is waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();

    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#parallel) {
        return;
      }
      if (this.#running.has(key)) {
        continue;
      }

      this.#waiting.delete(key);
      this.#running.add(key);
      this.#run(key);
    }
  }

  /** A fault of ours ends neither the server nor the work: it is told, and the key comes again. */
  #later(key: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(
      `the work on ${key} failed and is tried again: ${text}`,
      'ControllerWarning',
    );

    setTimeout(() => this.add(key), this.#retryMs).unref();
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#work(key);
    } catch (error) {
      // Refusals mean that the world changed meanwhile; that change brings the key back.
      if (!(error instanceof StatusError)) {
        this.#later(key, error);
      }
    } finally {
      this.#running.delete(key);
      this.#pump();

      if (this.#waiting.size + this.#running.size === 0) {
        for (const resolve of this.#idle.splice(0)) {
          resolve();
        }
      }
    }
  }
}
