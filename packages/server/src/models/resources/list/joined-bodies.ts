import type { Entry } from '@ks-apiserver/client/informer/entry';
import { LRUCache } from 'lru-cache';

/**
 * Lists with at least MIN_ENTRIES objects, of limited size each and together, are kept as one
 * buffer.
 */
const MIN_ENTRIES = 16;
const MAX_ENTRY_BYTES = 4096;
const MAX_BODY_BYTES = 1024 * 1024;

/** Size of all bodies together, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

interface Joined {
  entries: readonly Entry[];
  body: Buffer;
}

/**
 * Bodies of lists of many small objects, each in one buffer: writing hundreds of pieces takes
 * longer than sending them, and slow readers of one body share it. The least recently used are
 * dropped.
 */
export class JoinedBodies {
  readonly #bodies = new LRUCache<string, Joined>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }) => body.byteLength,
  });

  /**
   * Returns the body with this tag and exactly these entries, made by `pieces` if it is not kept;
   * undefined for lists that are better written in pieces.
   */
  of(
    tag: string,
    entries: readonly Entry[],
    pieces: () => { pieces: readonly Buffer[]; length: number },
  ): Buffer | undefined {
    if (entries.length < MIN_ENTRIES) {
      return undefined;
    }

    const known = this.#bodies.get(tag);

    // A tag is a short digest: the entries themselves prove that the body is the right one.
    if (
      known &&
      known.entries.length === entries.length &&
      known.entries.every((entry, i) => entry === entries[i])
    ) {
      return known.body;
    }

    const made = pieces();
    if (made.length > MAX_BODY_BYTES || made.length / entries.length > MAX_ENTRY_BYTES) {
      return undefined;
    }

    const body = Buffer.concat(made.pieces, made.length);

    this.#bodies.set(tag, { entries, body });

    return body;
  }
}
