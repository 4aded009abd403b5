import type { Entry } from '@ks-apiserver/client/informer/entry';

/**
 * Lists of at least so many objects, of at most so many bytes each and together, are worth being
 * put together once.
 */
const MIN_ENTRIES = 16;
const MAX_ENTRY_BYTES = 4096;
const MAX_BODY_BYTES = 1024 * 1024;

/** All of them together, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

interface Joined {
  entries: readonly Entry[];
  body: Buffer;
}

/**
 * Bodies of lists of many small objects, in one piece: handing over hundreds of pieces takes longer
 * than sending them, and slow readers of one body share it. The ones that were asked for longest
 * ago go.
 */
export class JoinedBodies {
  readonly #bodies = new Map<string, Joined>();
  #bytes = 0;

  /**
   * The body with this tag and of these very entries, put together by `pieces` where it is not at
   * hand; undefined for lists that are better sent in pieces.
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

    // A tag is a short digest: it finds a body, and the entries themselves prove that it is the
    // right one.
    if (
      known &&
      known.entries.length === entries.length &&
      known.entries.every((entry, i) => entry === entries[i])
    ) {
      this.#bodies.delete(tag);
      this.#bodies.set(tag, known);
      return known.body;
    }

    const made = pieces();
    if (made.length > MAX_BODY_BYTES || made.length / entries.length > MAX_ENTRY_BYTES) {
      return undefined;
    }

    const body = Buffer.concat(made.pieces, made.length);

    this.#drop(tag);
    this.#bodies.set(tag, { entries, body });
    this.#bytes += body.byteLength;

    for (const oldest of this.#bodies.keys()) {
      if (this.#bytes <= MAX_BYTES) {
        break;
      }
      this.#drop(oldest);
    }

    return body;
  }

  #drop(tag: string): void {
    this.#bytes -= this.#bodies.get(tag)?.body.byteLength ?? 0;
    this.#bodies.delete(tag);
  }
}
