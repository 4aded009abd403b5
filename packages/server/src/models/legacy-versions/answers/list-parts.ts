import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole, type KubeBody } from '@ks-apiserver/apimachinery/transport/transport';

/**
 * A part of a list's JSON: what is before its elements, with the opening bracket; one element; or
 * what is after them.
 */
export interface ListPart {
  is: 'head' | 'item' | 'tail';
  bytes: Buffer;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Longest field name that is recognised, in bytes. */
const NAME_LIMIT = 32;

/**
 * Largest part, in bytes: etcd's limit for an object is 1.5 MB, and bodies that are not lists may
 * be larger.
 */
const PART_LIMIT = 16 * 1024 * 1024;

/**
 * Splits the JSON of a list into its parts as it arrives, in memory that does not depend on its
 * length.
 */
class ListCutter {
  readonly #members: ReadonlySet<string>;
  #part: ListPart['is'] = 'head';
  #kept: Buffer[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /**
   * The string that is being read at the top level, and the name of the field whose value comes
   * next.
   */
  #text: number[] = [];
  #member = '';
  /** Whether an element has begun. */
  #inItem = false;

  constructor(members: readonly string[]) {
    this.#members = new Set(members);
  }

  #keep(bytes: Buffer): void {
    if (bytes.byteLength === 0) {
      return;
    }

    this.#size += bytes.byteLength;

    if (this.#size > PART_LIMIT) {
      throw internalError(`the Kubernetes API sent an object of more than ${PART_LIMIT} bytes`);
    }

    this.#kept.push(bytes);
  }

  #take(is: ListPart['is']): ListPart {
    const [first] = this.#kept;
    const bytes = first && this.#kept.length === 1 ? first : Buffer.concat(this.#kept, this.#size);

    this.#kept = [];
    this.#size = 0;
    return { is, bytes };
  }

  #readString(byte: number | undefined): void {
    if (this.#escaped) {
      this.#escaped = false;
    } else if (byte === BACKSLASH) {
      this.#escaped = true;
    } else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }

    const isName = this.#depth === 1 && this.#part === 'head' && this.#text.length < NAME_LIMIT;
    if (isName && byte !== undefined) {
      this.#text.push(byte);
    }
  }

  /** Yields the parts that end within a chunk. */
  *cut(chunk: Buffer): Generator<ListPart> {
    // Start of what is kept of this chunk.
    let from = 0;

    for (let at = 0; at < chunk.length && this.#part !== 'tail'; at += 1) {
      const byte = chunk[at];

      if (this.#inString) {
        this.#readString(byte);
        continue;
      }

      switch (byte) {
        case QUOTE:
          this.#inString = true;
          this.#text = [];
          break;
        case COLON:
          if (this.#depth === 1) {
            this.#member = String.fromCharCode(...this.#text);
          }

          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          if (this.#part === 'item' && this.#depth === 2 && !this.#inItem) {
            this.#inItem = true;
            from = at;
          }

          this.#depth += 1;

          if (
            this.#part === 'head' &&
            this.#depth === 2 &&
            byte === OPEN_BRACKET &&
            this.#members.has(this.#member)
          ) {
            this.#keep(chunk.subarray(from, at + 1));
            yield this.#take('head');
            this.#part = 'item';
            from = at + 1;
          }

          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          this.#depth -= 1;

          if (this.#part === 'item' && this.#depth === 2) {
            this.#keep(chunk.subarray(from, at + 1));
            this.#inItem = false;
            yield this.#take('item');
            from = at + 1;
          } else if (this.#part === 'item' && this.#depth === 1) {
            this.#part = 'tail';
            from = at;
          }

          break;
      }
    }

    // Nothing is kept between elements.
    if (this.#part !== 'item' || this.#inItem) {
      this.#keep(chunk.subarray(from));
    }
  }

  /**
   * Returns what is left at the end: the tail, or everything if the body is no list. Throws if the
   * list breaks off.
   */
  end(): ListPart {
    if (this.#part === 'item') {
      throw internalError('a list of the Kubernetes API breaks off');
    }

    return this.#take(this.#part);
  }
}

/**
 * Yields the parts of a list in JSON whose elements are in one of the named fields; a single `head`
 * with everything if the body is no such list. Throws for a list that breaks off, and for an
 * element of more than 16 MB.
 */
export async function* listParts(
  body: KubeBody,
  members: readonly string[],
): AsyncGenerator<ListPart> {
  const cutter = new ListCutter(members);

  for await (const piece of isWhole(body) ? [body] : body) {
    yield* cutter.cut(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }

  yield cutter.end();
}
