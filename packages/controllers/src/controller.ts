import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/store';

/** Which keys a change of an informer's objects makes worth looking at. */
export interface Source {
  informer: Informer;
  keys: (change: Change) => Iterable<string>;
}

/** One reconciler: brings the objects of a key to what they should be; is called again until it does not throw. */
export interface Reconciler {
  name: string;
  sources: readonly Source[];
  /** What a key is about, for the event that tells of a failure. */
  about?(key: string): KubeObject | undefined;
  /** Must be idempotent, and end soon once `signal` is aborted; answers milliseconds after which to look again, if at all. */
  reconcile(key: string, signal: AbortSignal): Promise<number | undefined>;
}

/** Hears of failures that are no mere conflicts; `about` is what the key stands for, where that exists. */
export type OnFailure = (name: string, key: string, error: unknown, about: KubeObject | undefined) => void;

const WORKERS = 4;
const MIN_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 300_000;
/** All keys of a controller together are tried again no more often than this a second, after a burst: what client-go allows. */
const RETRIES = { perSecond: 10, burst: 100 };
/** Every key is looked at again this often, so that nothing stays wrong for good. */
const RESYNC_MS = 600_000;

/** Runs a reconciler: one run a key at a time, a few keys at once, failures again later and later. */
export class Controller {
  readonly #reconciler: Reconciler;
  readonly #onError: OnFailure;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #unsubscribe: (() => void)[] = [];
  #resync: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();
  #idle: (() => void)[] = [];
  /** When the retry after the last one is due, in milliseconds; in the past while the burst is not used up. */
  #nextRetry = Number.NEGATIVE_INFINITY;

  constructor(reconciler: Reconciler, onError: OnFailure) {
    this.#reconciler = reconciler;
    this.#onError = onError;
  }

  /** Looks at everything that exists and follows what changes; the informers must be synced. */
  start(): this {
    for (const { informer, keys } of this.#reconciler.sources) {
      this.#unsubscribe.push(informer.store.onChange((change) => this.#addAll(keys(change))));
    }
    this.#lookAtAll();
    this.#resync = setInterval(() => this.#lookAtAll(), RESYNC_MS);
    this.#resync.unref();
    return this;
  }

  #lookAtAll(): void {
    for (const { informer, keys } of this.#reconciler.sources) {
      for (const entry of informer.store.values()) this.#addAll(keys({ type: 'MODIFIED', entry, previous: entry }));
    }
  }

  #addAll(keys: Iterable<string>): void {
    for (const key of keys) this.add(key);
  }

  /** Has a key looked at soon. */
  add(key: string): void {
    if (this.#stop.signal.aborted) return;
    if (this.#running.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    queueMicrotask(() => this.#next());
  }

  #next(): void {
    while (!this.#stop.signal.aborted && this.#running.size < WORKERS) {
      const [key] = this.#waiting;
      if (key === undefined) return;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    try {
      const again = await this.#reconciler.reconcile(key, this.#stop.signal);
      this.#failures.delete(key);
      if (again !== undefined) this.#later(key, again);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      // A conflict only means that the cache was a moment behind.
      // One that was interrupted by the stop has not failed either.
      const expected = (error as { reason?: string }).reason === 'Conflict' || this.#stop.signal.aborted;
      if (!expected) this.#onError(this.#reconciler.name, key, error, this.#reconciler.about?.(key));
      const backOff = Math.min(MIN_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
      this.#later(key, Math.max(backOff, this.#reserveRetry()));
    }
    this.#running.delete(key);
    if (this.#again.delete(key)) this.#waiting.add(key);
    this.#next();
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Takes one of the retries that all keys share; answers in how many milliseconds it may be used. */
  #reserveRetry(): number {
    const now = performance.now();
    const spacing = 1000 / RETRIES.perSecond;
    this.#nextRetry = Math.max(this.#nextRetry, now - RETRIES.burst * spacing) + spacing;
    return Math.max(0, this.#nextRetry - now);
  }

  #later(key: string, ms: number): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => this.add(key), ms);
    timer.unref();
    this.#timers.set(key, timer);
  }

  /** Starts nothing more; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#resync);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
