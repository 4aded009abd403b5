import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';

/** Objects that a reconciler follows: the keys to reconcile when one of them changes. */
export interface Source {
  informer: Informer;
  keys: (change: Change) => Iterable<string>;
}

/** Follows one more informer, which must be synced. */
export type Follow = (source: Source) => void;

/** Brings the objects of a key to what they should be. */
export interface Reconciler {
  name: string;
  sources: readonly Source[];
  /**
   * Called once at the start, for a reconciler that has more to follow later on, such as the kinds
   * that objects name. `add` has a key reconciled soon.
   */
  begin?(follow: Follow, add: (key: string) => void): void;
  /** Called once when nothing is reconciled any more. */
  end?(): Promise<void>;
  /**
   * Called once at the start, for a reconciler that also follows what is no object. Reports keys to
   * `add`; returns what ends that.
   */
  listen?(add: (key: string) => void): () => void;
  /** Returns the object that a key stands for, if there is one: events about failures name it. */
  about?(key: string): PersistedObject | undefined;
  /**
   * Reconciles one key; called again until it does not throw. Must be idempotent, and end soon once
   * `signal` is aborted. Returns the milliseconds after which it is to be called again, if at all.
   */
  reconcile(key: string, signal: AbortSignal): Promise<number | undefined>;
}

/** Reports failures other than conflicts; `about` is the object that the key stands for. */
export type OnFailure = (
  name: string,
  key: string,
  error: unknown,
  about: PersistedObject | undefined,
) => void;

const WORKERS = 4;

/** Every key is reconciled again this often, so that nothing stays wrong for good. */
const RESYNC_MS = 600_000;

/** Runs a reconciler whenever what it follows changes, and from time to time. */
export class Controller {
  readonly #reconciler: Reconciler;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #sources: Source[];
  #resync: NodeJS.Timeout | undefined;

  constructor(reconciler: Reconciler, onFailure: OnFailure) {
    this.#reconciler = reconciler;
    this.#sources = [...reconciler.sources];
    this.#queue = new WorkQueue((key, signal) => this.#reconcile(key, signal), {
      workers: WORKERS,
      onFailure: (key, error) => {
        // A conflict only means that the informer was a moment behind.
        if ((error as { reason?: string }).reason !== 'Conflict') {
          onFailure(reconciler.name, key, error, reconciler.about?.(key));
        }

        return 'retry';
      },
    });
  }

  /** Reconciles everything that exists and follows what changes; the informers must be synced. */
  start(): this {
    for (const source of this.#sources) {
      this.#subscribe(source);
    }

    this.#reconciler.begin?.(
      (source) => {
        if (this.#queue.isStopped) {
          return;
        }

        this.#sources.push(source);
        this.#subscribe(source);
      },
      (key) => this.add(key),
    );

    const unlisten = this.#reconciler.listen?.((key) => this.add(key));
    if (unlisten) {
      this.#unsubscribe.push(unlisten);
    }

    this.#addEverything();
    this.#resync = setInterval(() => this.#addEverything(), RESYNC_MS);
    this.#resync.unref();

    return this;
  }

  /** Has a key reconciled soon. */
  add(key: string): void {
    this.#queue.add(key);
  }

  /** Starts nothing more; resolves when what runs has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#resync);

    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe();
    }

    await this.#queue.stop();
    await this.#reconciler.end?.();
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const againMs = await this.#reconciler.reconcile(key, signal);
    if (againMs !== undefined) {
      this.#queue.addAfter(key, againMs);
    }
  }

  #subscribe({ informer, keys }: Source): void {
    this.#unsubscribe.push(informer.store.onChange((change) => this.#addAll(keys(change))));
  }

  #addEverything(): void {
    for (const { informer, keys } of this.#sources) {
      for (const entry of informer.store.values()) {
        this.#addAll(keys({ type: 'MODIFIED', entry, previous: entry }));
      }
    }
  }

  #addAll(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#queue.add(key);
    }
  }
}
