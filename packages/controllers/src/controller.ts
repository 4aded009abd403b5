import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/store';
import { RetryPace } from './retry-pace.ts';

/** Which keys a change of an informer's objects makes worth looking at. */
export interface Source {
  informer: Informer;
  keys: (change: Change) => Iterable<string>;
}

/** Has changes of one more informer looked at, which must be synced. */
export type Follow = (source: Source) => void;

/**
 * One reconciler: brings the objects of a key to what they should be; is called again until it does
 * not throw.
 */
export interface Reconciler {
  name: string;
  sources: readonly Source[];
  /**
   * Called once at the start by who has more to follow later on, such as kinds that objects name.
   */
  begin?(follow: Follow): void;
  /** What a key is about, for the event that tells of a failure. */
  about?(key: string): KubeObject | undefined;
  /**
   * Must be idempotent, and end soon once `signal` is aborted; answers milliseconds after which to
   * look again, if at all.
   */
  reconcile(key: string, signal: AbortSignal): Promise<number | undefined>;
}

/**
 * Hears of failures that are no mere conflicts; `about` is what the key stands for, where that
 * exists.
 */
export type OnFailure = (
  name: string,
  key: string,
  error: unknown,
  about: KubeObject | undefined,
) => void;

const WORKERS = 4;

/**
 * A change makes a key that failed be tried earlier than its back-off says, but not at once: else
 * one whose own run writes something each time it fails would never wait.
 */
const CHANGE_MS = 1000;

/** Every key is looked at again this often, so that nothing stays wrong for good. */
const RESYNC_MS = 600_000;

/**
 * Runs a reconciler: one run a key at a time, a few keys at once, failures again later and later.
 */
export class Controller {
  readonly #reconciler: Reconciler;
  readonly #onError: OnFailure;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #pace = new RetryPace();
  /**
   * Keys that failed: not looked at before this time in milliseconds of performance.now(), whatever
   * changes.
   */
  readonly #held = new Map<string, number>();
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #sources: Source[];
  #resync: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();
  #idle: (() => void)[] = [];

  constructor(reconciler: Reconciler, onError: OnFailure) {
    this.#reconciler = reconciler;
    this.#sources = [...reconciler.sources];
    this.#onError = onError;
  }

  /** Looks at everything that exists and follows what changes; the informers must be synced. */
  start(): this {
    for (const source of this.#sources) {
      this.#subscribe(source);
    }

    this.#reconciler.begin?.((source) => {
      if (this.#stop.signal.aborted) {
        return;
      }

      this.#sources.push(source);
      this.#subscribe(source);
    });

    this.#lookAtAll();
    this.#resync = setInterval(() => this.#lookAtAll(), RESYNC_MS);
    this.#resync.unref();

    return this;
  }

  #subscribe({ informer, keys }: Source): void {
    this.#unsubscribe.push(informer.store.onChange((change) => this.#addAll(keys(change))));
  }

  #lookAtAll(): void {
    for (const { informer, keys } of this.#sources) {
      for (const entry of informer.store.values()) {
        this.#addAll(keys({ type: 'MODIFIED', entry, previous: entry }));
      }
    }
  }

  #addAll(keys: Iterable<string>): void {
    for (const key of keys) {
      this.add(key);
    }
  }

  /** Has a key looked at soon. */
  add(key: string): void {
    if (this.#stop.signal.aborted) {
      return;
    }

    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }

    const held = (this.#held.get(key) ?? 0) - performance.now();
    if (held > 0) {
      this.#later(key, held);
      return;
    }

    this.#waiting.add(key);
    queueMicrotask(() => this.#next());
  }

  #next(): void {
    while (!this.#stop.signal.aborted && this.#running.size < WORKERS) {
      const [key] = this.#waiting;
      if (key === undefined) {
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
      const again = await this.#reconciler.reconcile(key, this.#stop.signal);

      this.#pace.forget(key);

      if (again !== undefined) {
        this.#later(key, again);
      }
    } catch (error) {
      // A conflict only means that the cache was a moment behind.
      // One that was interrupted by the stop has not failed either.
      const expected =
        (error as { reason?: string }).reason === 'Conflict' || this.#stop.signal.aborted;
      if (!expected) {
        this.#onError(this.#reconciler.name, key, error, this.#reconciler.about?.(key));
      }

      const backOff = this.#pace.after(key);
      this.#held.set(key, performance.now() + Math.min(backOff, CHANGE_MS));
      this.#later(key, backOff);
    }

    this.#running.delete(key);

    if (this.#again.delete(key)) {
      this.add(key);
    }

    this.#next();

    if (this.#running.size === 0) {
      for (const resolve of this.#idle.splice(0)) {
        resolve();
      }
    }
  }

  /** Has a key looked at after some time, unless that is due earlier anyway. */
  #later(key: string, ms: number): void {
    if (this.#stop.signal.aborted) {
      return;
    }

    const at = performance.now() + ms;
    const planned = this.#timers.get(key);
    if (planned && planned.at <= at) {
      return;
    }

    clearTimeout(planned?.timer);

    const timer = setTimeout(() => this.#due(key), ms);
    timer.unref();
    this.#timers.set(key, { at, timer });
  }

  #due(key: string): void {
    this.#timers.delete(key);
    this.#held.delete(key);
    this.add(key);
  }

  /** Starts nothing more; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#resync);

    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }

    for (const { timer } of this.#timers.values()) {
      clearTimeout(timer);
    }

    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }
}
