/** Pieces shorter than this are copied together, so that many tiny ones cost no more memory. */
const SMALL_BYTES = 2048;

/** Size of the blocks into which small pieces are copied. */
const BLOCK_BYTES = 8192;

/** Bytes that were received and not read yet, in pieces. */
export class ByteQueue {
  #pieces: Buffer[] = [];
  #length = 0;
  /** Used bytes of the last piece, if it is a block that more is copied into. */
  #blockUsed: number | undefined;
  #block: Buffer | undefined;

  get length(): number {
    return this.#length;
  }

  /** Adds a piece; long ones are kept as they are. */
  push(piece: Buffer): void {
    this.#length += piece.length;

    if (piece.length >= SMALL_BYTES) {
      this.#pieces.push(piece);
      this.#block = undefined;
      return;
    }

    const used = this.#blockUsed ?? 0;

    if (this.#block && used + piece.length <= BLOCK_BYTES) {
      piece.copy(this.#block, used);
      this.#blockUsed = used + piece.length;
      this.#pieces[this.#pieces.length - 1] = this.#block.subarray(0, this.#blockUsed);
      return;
    }

    const block = this.#pieces.length === 0 ? Buffer.from(piece) : Buffer.allocUnsafe(BLOCK_BYTES);
    this.#pieces.push(this.#begin(block, piece));
  }

  /** A single small piece, as most are, gets no block of its own. */
  #begin(block: Buffer, piece: Buffer): Buffer {
    if (block.length === piece.length) {
      this.#block = undefined;
      return block;
    }

    piece.copy(block);
    this.#block = block;
    this.#blockUsed = piece.length;

    return block.subarray(0, piece.length);
  }

  /** Removes and returns the first piece; undefined if there is none. */
  shift(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (piece) {
      this.#length -= piece.length;

      if (this.#pieces.length === 0) {
        this.#block = undefined;
      }
    }

    return piece;
  }

  clear(): void {
    this.#pieces = [];
    this.#length = 0;
    this.#block = undefined;
  }
}
