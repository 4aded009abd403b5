import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Feed, Slot } from './feed.ts';
import { eventFrame } from './frames.ts';
import { outcome, type Snapshot, View } from './view.ts';

/** What a filtered view shows. */
export interface FilteredList {
  /** Whether an object is in the list; it depends on the object alone. */
  matches: (entry: Entry) => boolean;
  /** All objects of the list in the order that was asked for. */
  entries: () => Promise<readonly Entry[]>;
  bytesOf: (entry: Entry) => Buffer;
}

/**
 * For how long readers who come together get the same first objects, in milliseconds: later changes
 * follow as events.
 */
const SNAPSHOT_MS = 1000;

/** A whole list: each change is looked at once, whatever the list's length. */
export class FilteredView extends View {
  readonly #list: FilteredList;
  readonly #stop: () => void;
  #snapshot: { at: number; next: number; value: Promise<Snapshot> } | undefined;

  constructor(feed: Feed, list: FilteredList) {
    super(feed, feed.floor);
    this.#list = list;

    for (const slot of feed.slots()) {
      this.#take(slot);
    }

    this.#stop = feed.onSlot((slot) => this.#take(slot));
  }

  get totalItems(): undefined {
    return undefined;
  }

  #take(slot: Slot): void {
    const { matches, bytesOf } = this.#list;
    const before = slot.previous !== undefined && matches(slot.previous);
    const after = slot.type !== 'DELETED' && matches(slot.entry);
    const type = outcome(before, after);
    if (!type) {
      return;
    }

    // What is in the list no more is shown as it was when it still was.
    const entry = type === 'DELETED' ? slot.previous! : slot.entry;
    this.append({
      place: slot.place,
      last: true,
      frame: () => {
        let frame = slot.frames.get(type);
        if (!frame) {
          frame = eventFrame(type, bytesOf(entry), undefined, this.feed.position(slot.place));
          slot.frames.set(type, frame);
        }

        return frame;
      },
    });
  }

  snapshot(): Promise<Snapshot> {
    const now = Date.now();
    const known = this.#snapshot;
    if (known && now - known.at < SNAPSHOT_MS && known.next >= this.first) {
      return known.value;
    }

    const next = this.end;
    const made = { at: now, next, value: this.#read(next) };

    this.#snapshot = made;

    // Only as long as it serves: it keeps objects alive that may be gone.
    setTimeout(() => {
      if (this.#snapshot === made) {
        this.#snapshot = undefined;
      }
    }, SNAPSHOT_MS).unref();

    return made.value;
  }

  async #read(next: number): Promise<Snapshot> {
    const { entries, bytesOf } = this.#list;
    const found = await entries();

    return {
      length: found.length,
      bytes: (index) => bytesOf(found[index]!),
      standing: () => undefined,
      next,
    };
  }

  override close(): void {
    this.#stop();
    super.close();
  }
}
