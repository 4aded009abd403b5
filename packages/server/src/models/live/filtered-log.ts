import type { Entry } from '@ks-apiserver/client/informer/entry';
import { EventLog, eventTypeOf, type InitialObjects } from './event-log.ts';
import type { Feed, Slot } from './feed.ts';
import { eventFrame } from './frames.ts';

/** The list that a filtered log follows. */
export interface FilteredList {
  /** Whether an object is in the list; depends on the object alone. */
  matches: (entry: Entry) => boolean;
  /** Returns all objects of the list in the requested order. */
  entries: () => Promise<readonly Entry[]>;
  bytesOf: (entry: Entry) => Buffer;
}

/**
 * How long new readers share the same initial objects, in milliseconds; changes since then follow
 * as events.
 */
const SHARED_MS = 1000;

/** The events of a whole list: each change is tested once, whatever the list's length. */
export class FilteredLog extends EventLog {
  readonly #list: FilteredList;
  readonly #stop: () => void;
  #initial: { at: number; next: number; value: Promise<InitialObjects> } | undefined;

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
    const type = eventTypeOf(before, after);
    if (!type) {
      return;
    }

    // An object that left the list is sent in its last state that was in the list.
    const entry = type === 'DELETED' ? (slot.previous ?? slot.entry) : slot.entry;
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

  initialObjects(): Promise<InitialObjects> {
    const now = Date.now();
    const known = this.#initial;
    if (known && now - known.at < SHARED_MS && known.next >= this.first) {
      return known.value;
    }

    const next = this.end;
    const made = { at: now, next, value: this.#read(next) };

    this.#initial = made;

    // Dropped as soon as it is not shared any more: it keeps deleted objects in memory.
    setTimeout(() => {
      if (this.#initial === made) {
        this.#initial = undefined;
      }
    }, SHARED_MS).unref();

    return made.value;
  }

  async #read(next: number): Promise<InitialObjects> {
    const { entries, bytesOf } = this.#list;
    const found = await entries();

    return {
      length: found.length,
      // The reader stays below `length`.
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
