import { CLEAR, LENGTH_BYTES, type PacketOpener } from './packet-cipher.ts';
import { ProtocolError } from './wire.ts';

/** Longest packet, in bytes; data comes in packets of 32 KiB, and certificates fit as well. */
export const MAX_PACKET = 128 * 1024;

/** Shortest packet: the length of the padding, a message of one byte, and four bytes of padding. */
const MIN_PACKET = 6;

/** Longest line before the first packet, in bytes (RFC 4253 section 4.2). */
const MAX_LINE = 255;

/** Cuts a stream of bytes, in pieces of any size, into lines and packets. */
export class PacketReader {
  #pieces: Buffer[] = [];
  #buffered = 0;
  #lengthField: Buffer | undefined;
  #opener: PacketOpener = CLEAR;

  /** Opens the packets from here on in another way. */
  use(opener: PacketOpener): void {
    this.#opener = opener;
  }

  push(piece: Buffer): void {
    if (piece.length > 0) {
      this.#pieces.push(piece);
      this.#buffered += piece.length;
    }
  }

  /**
   * Returns the next line without its end; undefined until it is there. Throws a ProtocolError for
   * a line that is too long.
   */
  line(): string | undefined {
    const bytes = this.#joined();
    const end = bytes.indexOf('\n');
    if (end > MAX_LINE || (end < 0 && bytes.length > MAX_LINE)) {
      throw new ProtocolError('the first line is too long: the peer does not speak SSH');
    }
    if (end < 0) {
      return undefined;
    }

    return this.#take(end + 1)
      ?.toString('latin1')
      .replace(/\r?\n$/, '');
  }

  /**
   * Returns the message of the next packet; undefined until it is there. Throws a ProtocolError for
   * what is no packet.
   */
  message(): Buffer | undefined {
    this.#lengthField ??= this.#take(LENGTH_BYTES);

    if (!this.#lengthField) {
      return undefined;
    }

    const length = this.#lengthField.readUInt32BE();
    if (length < MIN_PACKET || length > MAX_PACKET || !this.#opener.fits(length)) {
      throw new ProtocolError('a packet has a length that is not allowed');
    }

    const packet = this.#take(length + this.#opener.trailer);
    if (!packet) {
      return undefined;
    }

    const field = this.#lengthField;
    this.#lengthField = undefined;

    return this.#opener.open(field, packet);
  }

  #joined(): Buffer {
    if (this.#pieces.length > 1) {
      this.#pieces = [Buffer.concat(this.#pieces, this.#buffered)];
    }

    return this.#pieces[0] ?? Buffer.alloc(0);
  }

  /** Pieces are joined only when all that is needed is there. */
  #take(length: number): Buffer | undefined {
    if (this.#buffered < length) {
      return undefined;
    }

    const [first] = this.#pieces;
    const bytes = first && first.length >= length ? first : this.#joined();
    const left = bytes.subarray(length);

    if (left.length > 0) {
      this.#pieces[0] = left;
    } else {
      this.#pieces.shift();
    }

    this.#buffered -= length;

    return bytes.subarray(0, length);
  }
}
