import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { QueryError } from '@ks-apiserver/promql/query-api';
import type { ObjectChange } from '../collect/collector-options.ts';
import { NAME_ONLY, type ObjectKind } from '../scrape/objects/object-kinds.ts';

/** The objects of one resource, as an informer keeps them. */
export interface ObjectSource {
  readonly kind: ObjectKind;
  readonly store: Pick<InformerStore, 'get' | 'onChange' | 'values'>;
}

/** Sends changes; rejects when they have to be sent again, with everything else. */
export type SendChanges = (kind: ObjectKind, changes: readonly ObjectChange[]) => Promise<void>;

/** Bytes and changes that are sent at once. */
const BATCH = { bytes: 512 * 1024, changes: 500 };

/** Returns the bytes of an object in memory of their own, which can be given away. */
function bytesOf(kind: ObjectKind, entry: Entry): Uint8Array<ArrayBuffer> {
  if (!NAME_ONLY.has(kind)) {
    return new Uint8Array(entry.bytes);
  }

  const { name, namespace } = entry;
  return new Uint8Array(Buffer.from(JSON.stringify({ metadata: { name, namespace } })));
}

/** One source, and the keys of its objects that were not sent since they changed. */
class Feed {
  readonly source: ObjectSource;
  readonly changed = new Set<string>();
  readonly unsubscribe: () => void;

  /** `notes` is called with each change that matters, and returns whether it is to be sent. */
  constructor(source: ObjectSource, notes: () => boolean) {
    this.source = source;
    this.unsubscribe = source.store.onChange(({ type, entry }) => {
      if ((type !== 'MODIFIED' || !NAME_ONLY.has(source.kind)) && notes()) {
        this.changed.add(InformerStore.key(entry.namespace, entry.name));
      }
    });
  }

  /** Takes some of the changes. */
  take(): ObjectChange[] {
    const changes: ObjectChange[] = [];
    let size = 0;

    for (const key of this.changed) {
      this.changed.delete(key);

      const slash = key.indexOf('/');
      const entry = this.source.store.get(key.slice(slash + 1), key.slice(0, slash));
      const bytes = entry && bytesOf(this.source.kind, entry);

      changes.push({ key, bytes });
      size += bytes?.length ?? 0;

      if (size >= BATCH.bytes || changes.length >= BATCH.changes) {
        break;
      }
    }

    return changes;
  }
}

/**
 * Follows the objects of a cluster and sends each that changed, in batches and one batch at a time:
 * an object that changes often meanwhile is sent once.
 */
export class ObjectFeed {
  readonly #feeds: readonly Feed[];
  readonly #send: SendChanges;
  #isOn = false;
  #sending: Promise<void> | undefined;

  constructor(sources: readonly ObjectSource[], send: SendChanges) {
    this.#send = send;
    this.#feeds = sources.map((source) => new Feed(source, () => this.#notes()));
  }

  /** Sends all objects, and from then on those that change. */
  async restart(): Promise<void> {
    const slice = new TimeSlice();

    this.#isOn = true;

    for (const { source, changed } of this.#feeds) {
      for (const { namespace, name } of [...source.store.values()]) {
        changed.add(InformerStore.key(namespace, name));

        if (slice.isOver) {
          await slice.next();
        }
      }
    }

    this.#wake();
  }

  /** Resolves when all changes so far were sent, or could not be sent. */
  async settled(): Promise<void> {
    while (this.#sending) {
      await this.#sending;
    }
  }

  /** Follows no more. */
  stop(): void {
    this.#isOn = false;

    for (const { unsubscribe, changed } of this.#feeds) {
      unsubscribe();
      changed.clear();
    }
  }

  /** Has a change sent soon; returns false while nobody is told: all is sent later then. */
  #notes(): boolean {
    if (this.#isOn) {
      queueMicrotask(() => this.#wake());
    }

    return this.#isOn;
  }

  #wake(): void {
    if (!this.#isOn || this.#sending) {
      return;
    }

    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    for (let feed = this.#next(); feed && this.#isOn; feed = this.#next()) {
      try {
        await this.#send(feed.source.kind, feed.take());
      } catch (error) {
        // A receiver that is gone is told everything when it is back; one that is slow has the
        // changes already.
        this.#isOn = !(error instanceof QueryError && error.type === 'unavailable');
      }
    }
  }

  #next(): Feed | undefined {
    return this.#feeds.find(({ changed }) => changed.size > 0);
  }
}
