import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** A connection that a reader writes its frames to. */
export interface Sink {
  /**
   * Writes one frame, the pieces of a line of JSON, with its position if a client can resume after
   * it. Returns false when the connection takes no more for now.
   */
  write(frame: readonly Buffer[], position?: string): boolean;
  /** Buffers what is written until `uncork`, so that it takes one system call. */
  cork(): void;
  uncork(): void;
  /** Whether the client has not yet taken what was written. */
  readonly blocked: boolean;
  /** Keeps an idle connection alive. Returns false if the client did not answer the last one. */
  heartbeat(): boolean;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  /** Ends the connection after what has been written. */
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
    // The frame ends with a newline; an empty line ends the event.
    return super.write([head, ...frame, NEWLINE]);
  }

  override heartbeat(): boolean {
    if (!this.blocked) {
      this.res.write(COMMENT);
    }
    return true;
  }
}

/** Text messages of a WebSocket, one JSON document each. */
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
    const [first] = frame;
    const whole = first && frame.length === 1 ? first : Buffer.concat(frame);
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
