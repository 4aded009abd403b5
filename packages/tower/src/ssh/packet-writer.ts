import type { Duplex } from 'node:stream';
import { CLEAR, type PacketSealer } from '../packets/packet-cipher.ts';
import { ProtocolError } from '../packets/wire.ts';

/** Bytes that are written at once: what comes later waits no longer than these take. */
const BATCH_BYTES = 64 * 1024;

/** Longest queue of messages that are no data of channels; a peer that reads keeps it short. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

/** Returns the next message with data of a channel, as long as there is one. */
export type NextData = () => Buffer | undefined;

/**
 * Seals messages in their order and writes them, one write at a time: what is not written yet is
 * chosen as late as possible. Messages of key exchanges come first, then those of the protocol,
 * then data of channels.
 */
export class PacketWriter {
  readonly #stream: Duplex;
  readonly #nextData: NextData;
  /** Messages of key exchanges, and the change of keys behind them. */
  #urgent: (Buffer | PacketSealer)[] = [];
  #queued: Buffer[] = [];
  #queuedBytes = 0;
  #sealer: PacketSealer = CLEAR;
  #holds = true;
  #isWriting = false;
  #isScheduled = false;
  #isEnded = false;
  #sealedBytes = 0;

  constructor(stream: Duplex, nextData: NextData) {
    this.#stream = stream;
    this.#nextData = nextData;
  }

  /** How much was sealed since the keys changed, in bytes. */
  get sealedBytes(): number {
    return this.#sealedBytes;
  }

  /** Writes the line that comes before all packets. */
  writeLine(line: string): void {
    this.#stream.write(`${line}\r\n`, 'latin1');
  }

  /** Sends a message of a key exchange. */
  sendUrgent(message: Buffer): void {
    this.#urgent.push(message);
    this.wake();
  }

  /** Seals what comes behind the messages so far with other keys. */
  changeKeys(sealer: PacketSealer): void {
    this.#urgent.push(sealer);
  }

  /** Sends a message of the protocol. Throws a ProtocolError when the peer has stopped reading. */
  send(message: Buffer): void {
    this.#queuedBytes += message.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      throw new ProtocolError('the peer does not read');
    }

    this.#queued.push(message);
    this.wake();
  }

  /** Sends messages of key exchanges alone until {@link release}. */
  hold(): void {
    this.#holds = true;
  }

  release(): void {
    this.#holds = false;
    this.wake();
  }

  /** Writes soon: messages that come within the same step of the program go together. */
  wake(): void {
    if (this.#isScheduled || this.#isWriting || this.#isEnded) {
      return;
    }

    this.#isScheduled = true;

    process.nextTick(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  /** Writes all messages but data, the last one at the end, and ends the stream. */
  end(last?: Buffer): void {
    if (this.#isEnded) {
      return;
    }

    this.#isEnded = true;

    const pieces = this.#sealUrgent();

    if (!this.#holds) {
      this.#sealQueued(pieces);
    }
    if (last) {
      this.#seal(last, pieces);
    }

    if (pieces.length > 0) {
      this.#stream.write(Buffer.concat(pieces));
    }

    this.#stream.end();
  }

  #seal(message: Buffer, into: Buffer[]): number {
    let size = 0;

    for (const piece of this.#sealer.seal(message)) {
      into.push(piece);
      size += piece.length;
    }

    this.#sealedBytes += size;

    return size;
  }

  #sealUrgent(): Buffer[] {
    const pieces: Buffer[] = [];
    const urgent = this.#urgent;
    this.#urgent = [];

    for (const one of urgent) {
      if (Buffer.isBuffer(one)) {
        this.#seal(one, pieces);
      } else {
        this.#sealer = one;
        this.#sealedBytes = 0;
      }
    }

    return pieces;
  }

  #sealQueued(pieces: Buffer[]): void {
    const queued = this.#queued;
    this.#queued = [];
    this.#queuedBytes = 0;

    for (const message of queued) {
      this.#seal(message, pieces);
    }
  }

  #sealData(pieces: Buffer[]): void {
    for (let size = 0; size < BATCH_BYTES; ) {
      const data = this.#nextData();
      if (!data) {
        break;
      }

      size += this.#seal(data, pieces);
    }
  }

  #write(): void {
    if (this.#isWriting || this.#isEnded) {
      return;
    }

    const pieces = this.#sealUrgent();

    if (!this.#holds) {
      this.#sealQueued(pieces);
      this.#sealData(pieces);
    }
    if (pieces.length === 0) {
      return;
    }

    this.#isWriting = true;

    this.#stream.write(Buffer.concat(pieces), () => {
      this.#isWriting = false;
      this.#write();
    });
  }
}
