import { Duplex } from 'node:stream';
import { MESSAGE } from '../packets/message-types.ts';
import { ProtocolError } from '../packets/wire.ts';
import { ByteQueue } from './byte-queue.ts';

/** Most data of one channel that is sent before the next channel has its turn, in bytes. */
export const PIECE_BYTES = 32 * 1024;

/** Data that a writer may hand over before it has to wait, in bytes. */
const WRITE_AHEAD_BYTES = 64 * 1024;

/** Data that is handed to a reader before they ask for more, in bytes. */
const READ_AHEAD_BYTES = 32 * 1024;

const HEADER_BYTES = 9;

/** Messages with data are made here: they are encrypted before the next one is made. */
const scratch = Buffer.alloc(HEADER_BYTES + PIECE_BYTES);

const MAX_WINDOW = 2 ** 32 - 1;

/** What a channel needs of its connection. */
export interface ChannelHost {
  /** How much data a channel may have received and not read, in bytes; depends on their number. */
  windowBytes(): number;
  /** The channel has data to send, and the peer has room for it. */
  hasData(channel: Channel): void;
  adjustWindow(channel: Channel, bytes: number): void;
  sendEof(channel: Channel): void;
  sendClose(channel: Channel): void;
}

/** What the peer has said of its end of a channel. */
export interface RemoteEnd {
  id: number;
  /** How much it takes now, in bytes. */
  window: number;
  /** Longest data in one message, in bytes. */
  maxPacket: number;
}

interface Pending {
  data: Buffer;
  done: (error?: Error | null) => void;
}

/**
 * One channel of a connection as a stream. A reader that stops keeps the peer from sending; a peer
 * that stops makes the writer wait. When the peer closes the channel, what has come before is read
 * first.
 */
export class Channel extends Duplex {
  readonly localId: number;
  readonly remote: RemoteEnd;
  readonly #host: ChannelHost;
  readonly #received = new ByteQueue();
  readonly #pending: Pending[] = [];
  #isReaderWaiting = false;
  /** What the peer may still send. */
  #window: number;
  #isEofReceived = false;
  #isEndPushed = false;
  #isCloseReceived = false;
  #isCloseSent = false;

  constructor(host: ChannelHost, localId: number, window: number, remote: RemoteEnd) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: READ_AHEAD_BYTES,
      writableHighWaterMark: WRITE_AHEAD_BYTES,
    });

    this.#host = host;
    this.localId = localId;
    this.#window = window;
    this.remote = remote;
    // Errors come to those who listen; a channel that broke is no reason to end the process.
    this.on('error', () => {});
    this.on('end', () => this.#onReadToEnd());
  }

  /** Whether both ends have closed it, so that its number may be used again. */
  get isOver(): boolean {
    return this.#isCloseReceived && this.#isCloseSent;
  }

  /** Takes data from the peer. Throws a ProtocolError for more than the peer may send. */
  takeData(data: Buffer): void {
    if (data.length > this.#window || this.#isEofReceived) {
      throw new ProtocolError('a channel got more data than it may get');
    }

    this.#window -= data.length;

    if (this.destroyed || data.length === 0) {
      return;
    }

    if (this.#isReaderWaiting) {
      this.#isReaderWaiting = this.push(data);
      this.#adjust();
    } else {
      this.#received.push(data);
    }
  }

  takeEof(): void {
    this.#isEofReceived = true;
    this.#pushEnd();
  }

  takeClose(): void {
    this.#isEofReceived = true;
    this.#isCloseReceived = true;
    this.#sendClose();
    this.#pushEnd();

    // What is written from now on gets nowhere. An error would take what was received and not read
    // with it, such as the answer to a request that the other end did not read to its end.
    for (const { done } of this.#pending.splice(0)) {
      done();
    }
  }

  /** Takes room for more data. Throws a ProtocolError for more than can be counted. */
  takeWindow(bytes: number): void {
    this.remote.window += bytes;
    if (this.remote.window > MAX_WINDOW) {
      throw new ProtocolError('the window of a channel is too large');
    }
    if (this.#pending.length > 0) {
      this.#host.hasData(this);
    }
  }

  /**
   * Returns the next message with data, which is good until the next call for any channel; undefined
   * when there is none or no room for it.
   */
  nextData(): Buffer | undefined {
    const [first] = this.#pending;
    const { id, window, maxPacket } = this.remote;
    if (!first || window === 0 || this.#isCloseSent) {
      return undefined;
    }

    const size = Math.min(first.data.length, window, maxPacket, PIECE_BYTES);
    const message = scratch.subarray(0, HEADER_BYTES + size);

    message[0] = MESSAGE.channelData;
    message.writeUInt32BE(id, 1);
    message.writeUInt32BE(size, 5);
    first.data.copy(message, HEADER_BYTES, 0, size);

    this.remote.window -= size;
    this.#sent(first, size);

    return message;
  }

  /** Whether there is data, and room for it. */
  get canSend(): boolean {
    return this.#pending.length > 0 && this.remote.window > 0 && !this.#isCloseSent;
  }

  /** Ends it because its connection has ended. */
  abandon(error: Error): void {
    this.#isCloseSent = true;
    this.#isCloseReceived = true;
    this.destroy(error);
  }

  override _read(): void {
    for (;;) {
      const piece = this.#received.shift();
      if (!piece) {
        this.#isReaderWaiting = !this.#isEofReceived;
        this.#pushEnd();
        break;
      }

      if (!this.push(piece)) {
        this.#isReaderWaiting = false;
        break;
      }
    }

    this.#adjust();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (this.#isCloseReceived || chunk.length === 0) {
      done();
    } else {
      this.#pending.push({ data: chunk, done });
      if (this.canSend) {
        this.#host.hasData(this);
      }
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    // All writes are done before the stream calls this.
    if (!this.#isCloseSent && !this.#isCloseReceived) {
      this.#host.sendEof(this);
    }

    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#received.clear();
    this.#sendClose();

    for (const { done: fail } of this.#pending.splice(0)) {
      fail(error ?? new Error('the channel is closed'));
    }

    done(error);
  }

  #sent(pending: Pending, size: number): void {
    if (size < pending.data.length) {
      pending.data = pending.data.subarray(size);
      return;
    }

    this.#pending.shift();
    pending.done();
  }

  #pushEnd(): void {
    if (this.#isEofReceived && this.#received.length === 0 && !this.#isEndPushed) {
      this.#isEndPushed = true;
      this.push(null);
    }
  }

  #onReadToEnd(): void {
    if (this.#isCloseReceived) {
      this.destroy();
    }
  }

  #sendClose(): void {
    if (!this.#isCloseSent) {
      this.#isCloseSent = true;
      this.#host.sendClose(this);
    }
  }

  /** Lets the peer send more once half of what it may send has been read. */
  #adjust(): void {
    if (this.#isEofReceived || this.#isCloseSent) {
      return;
    }

    const target = this.#host.windowBytes();
    const room = target - this.#window - this.#received.length;

    if (room >= target / 2) {
      this.#window += room;
      this.#host.adjustWindow(this, room);
    }
  }
}
