import { setTimeout as sleep } from 'node:timers/promises';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';

/** Documents are collected for this time before they are stored, in milliseconds. */
const COLLECT_MS = 100;

/** Pauses after failures, in milliseconds. */
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/**
 * Stores the documents of many sources together, one batch after the other. A batch that cannot be
 * stored is tried again, and its sources wait.
 */
export class DocumentBatches {
  readonly #append: (documents: readonly AppendedDocument[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #signal: AbortSignal;
  #waiting: AppendedDocument[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(
    append: (documents: readonly AppendedDocument[]) => Promise<void>,
    onError: (error: unknown) => void,
    signal: AbortSignal,
  ) {
    this.#append = append;
    this.#onError = onError;
    this.#signal = signal;
  }

  /** Stores documents. Rejects when the signal ends before they are stored. */
  add(documents: readonly AppendedDocument[]): Promise<void> {
    this.#waiting.push(...documents);

    if (!this.#next) {
      this.#next = this.#store(this.#last);
      this.#last = this.#next.catch(() => {});
    }

    return this.#next;
  }

  async #store(last: Promise<void>): Promise<void> {
    await Promise.all([last, sleep(COLLECT_MS)]);

    const batch = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;

    for (let pauseMs = MIN_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        return await this.#append(batch);
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#onError(error);
        await sleep(pauseMs, undefined, { signal: this.#signal });
      }
    }
  }
}
