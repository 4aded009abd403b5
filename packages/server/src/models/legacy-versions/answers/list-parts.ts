import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole, type KubeBody } from '@ks-apiserver/apimachinery/transport/transport';

/**
 * A part of a list's JSON: what is before its elements, with the opening bracket; one element; what
 * is behind them.
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

/** Longest name of a member that is of interest, in bytes. */
const NAME_LIMIT = 32;

/**
 * How much is kept of one part, in bytes: etcd's limit for an object is 1.5 MB, what is no list may
 * be larger.
 */
const PART_LIMIT = 16 * 1024 * 1024;

/**
 * Cuts the JSON of a list into its parts while it comes, in time and memory that do not depend on
 * how long it is.
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
   * The string that is read at the top level, and the name of the member whose value comes next.
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
    const bytes = this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept, this.#size);
    this.#kept = [];
    this.#size = 0;
    return { is, bytes };
  }

  #readString(byte: number): void {
    if (this.#escaped) {
      this.#escaped = false;
    } else if (byte === BACKSLASH) {
      this.#escaped = true;
    } else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }

    if (this.#depth === 1 && this.#part === 'head' && this.#text.length < NAME_LIMIT) {
      this.#text.push(byte);
    }
  }

  /** The parts that end within a chunk. */
  *cut(chunk: Buffer): Generator<ListPart> {
    // Where what is kept of this chunk begins.
    let from = 0;

    for (let at = 0; at < chunk.length && this.#part !== 'tail'; at += 1) {
      const byte = chunk[at]!;

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

    // Between elements there is nothing to keep.
    if (this.#part !== 'item' || this.#inItem) {
      this.#keep(chunk.subarray(from));
    }
  }

  /**
   * What is left at the end: the tail, or all of it where it is no list. Throws where the list
   * breaks off.
   */
  end(): ListPart {
    if (this.#part === 'item') {
      throw internalError('a list of the Kubernetes API breaks off');
    }

    return this.#take(this.#part);
  }
}

/**
 * The parts of a list in JSON, its elements in one of the members named; one `head` with everything
 * where the body is no such list. Throws for a list that breaks off, and for an element of more
 * than 16 MB.
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
