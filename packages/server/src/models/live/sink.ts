import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** Where a reader's frames go, in one of the three forms. */
export interface Sink {
  /**
   * Hands over one frame, the pieces of a line of JSON, and its position if the reader may go on
   * after it; false when no more is taken for now.
   */
  write(frame: readonly Buffer[], position?: string): boolean;
  /** Holds what is written back until `uncork`: one system call for all. */
  cork(): void;
  uncork(): void;
  /** Whether the reader has not taken yet what was written. */
  readonly blocked: boolean;
  /**
   * Keeps a quiet connection alive; answers false where the other side has not answered the last
   * time.
   */
  heartbeat(): boolean;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  /**
   * Ends after what has been written, with an empty position where the next one is to begin anew.
   */
  end(): void;
  destroy(): void;
}

/** Lines of JSON, as Kubernetes streams them. */
export class LineSink implements Sink {
  protected readonly res: ServerResponse;

  constructor(res: ServerResponse) {
    this.res = res;
  }

  write(frame: readonly Buffer[], _position?: string): boolean {
    let more = true;

    for (const piece of frame) {
      more = this.res.write(piece);
    }

    return more;
  }

  cork(): void {
    this.res.cork();
  }

  uncork(): void {
    this.res.uncork();
  }

  get blocked(): boolean {
    return this.res.writableNeedDrain;
  }

  heartbeat(): boolean {
    return true;
  }

  onDrain(listener: () => void): void {
    this.res.on('drain', listener);
  }

  onClose(listener: () => void): void {
    this.res.once('close', listener);
  }

  end(): void {
    this.res.end();
  }

  destroy(): void {
    this.res.destroy();
  }
}

const DATA = Buffer.from('data: ');
const NEWLINE = Buffer.from('\n');
const COMMENT = Buffer.from(':\n\n');

/** Server-Sent Events (HTML Living Standard, section 9.2): an event's id is its position. */
export class EventStreamSink extends LineSink {
  override write(frame: readonly Buffer[], position?: string): boolean {
    const head = position === undefined ? DATA : Buffer.from(`id: ${position}\ndata: `);
    // The frame ends with its line, an event with an empty one.
    return super.write([head, ...frame, NEWLINE]);
  }

  override heartbeat(): boolean {
    if (!this.blocked) {
      this.res.write(COMMENT);
    }
    return true;
  }
}

/** Text messages of a WebSocket, one JSON text a message. */
export class SocketSink implements Sink {
  readonly #client: WebSocket;
  readonly #socket: Duplex;
  #answered = true;

  constructor(client: WebSocket, socket: Duplex) {
    this.#client = client;
    this.#socket = socket;
    client.on('pong', () => {
      this.#answered = true;
    });
    client.on('error', () => client.terminate());
  }

  write(frame: readonly Buffer[]): boolean {
    const whole = frame.length === 1 ? frame[0]! : Buffer.concat(frame);
    this.#client.send(whole.subarray(0, -1), { binary: false });
    return !this.blocked;
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  get blocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  heartbeat(): boolean {
    const answered = this.#answered;

    this.#answered = false;

    if (answered) {
      this.#client.ping();
    }

    return answered;
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  onClose(listener: () => void): void {
    this.#client.once('close', listener);
  }

  end(): void {
    this.#client.close(1000);
  }

  destroy(): void {
    this.#client.terminate();
  }
}
