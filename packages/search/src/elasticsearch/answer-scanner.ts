const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const SPACE = 0x20;

const NULL = Buffer.from('null');
const SOURCE = '_source';

/** Depth of the hits in an answer, `{"hits":{"hits":[{`, and of the documents in them. */
const HIT_DEPTH = 4;
const DOCUMENT_DEPTH = 5;

/**
 * Separates the documents of a search's answer from the rest of it while it arrives: their bytes
 * are handed on as they were stored, and nothing that is large is parsed. A document is an object
 * under the key `_source` of a hit.
 */
export class AnswerScanner {
  readonly documents: Uint8Array[] = [];
  readonly #rest: Uint8Array[] = [];
  /** Parts of the document that is being read; undefined outside of documents. */
  #document: Uint8Array[] | undefined;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Beginning of the last text in a hit, and whether it was a key. */
  #text = '';
  #isKey = false;

  /** Takes the next bytes of the answer. */
  readonly read = (chunk: Uint8Array): void => {
    let from = 0;

    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;

      if (this.#inString) {
        this.#readInString(byte);
      } else if (byte === QUOTE) {
        this.#inString = true;
        this.#text = '';
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth += 1;

        if (byte === OPEN_OBJECT && this.#beginsDocument()) {
          this.#rest.push(chunk.subarray(from, at));
          this.#document = [];
          from = at;
        }
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#depth -= 1;

        if (this.#document && this.#depth < DOCUMENT_DEPTH) {
          this.#endDocument(this.#document, chunk.subarray(from, at + 1));
          from = at + 1;
        }
      }

      if (byte > SPACE && !this.#inString) {
        this.#isKey = byte === COLON;
      }
    }

    (this.#document ?? this.#rest).push(chunk.subarray(from));
  };

  #readInString(byte: number): void {
    if (this.#escaped) {
      this.#escaped = false;
    } else if (byte === BACKSLASH) {
      this.#escaped = true;
    } else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }

    if (this.#depth === HIT_DEPTH && this.#text.length <= SOURCE.length) {
      this.#text += String.fromCharCode(byte);
    }
  }

  #beginsDocument(): boolean {
    return (
      !this.#document && this.#depth === DOCUMENT_DEPTH && this.#isKey && this.#text === SOURCE
    );
  }

  #endDocument(parts: readonly Uint8Array[], last: Uint8Array): void {
    this.documents.push(parts.length === 0 ? last : Buffer.concat([...parts, last]));
    this.#document = undefined;
    this.#rest.push(NULL);
  }

  /** Returns the text of the answer with `null` in the place of each document. */
  rest(): string {
    return Buffer.concat(this.#rest).toString();
  }
}
