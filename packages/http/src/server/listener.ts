import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GUARDED, guard } from './connection-guard.ts';

/** What a listener needs to serve. */
export interface ListenerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  onRequest: (req: http.IncomingMessage, res: http.ServerResponse) => void;
  onUpgrade: (req: http.IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A listening HTTP/1.1 server that stops gracefully. */
export class Listener {
  readonly #server: http.Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: http.Server) {
    this.#server = server;

    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Starts listening; rejects with the system's error when the port is taken or forbidden. */
  static async listen(options: ListenerOptions): Promise<Listener> {
    const server = http.createServer(GUARDED);
    guard(server, { request: options.onRequest, upgrade: options.onUpgrade });

    const listener = new Listener(server);

    server.listen(options.port, options.host);
    await once(server, 'listening');

    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Accepts no more connections and lets running requests finish; after `graceMs` the rest is cut.
   */
  async close(graceMs: number): Promise<void> {
    const closed = once(this.#server, 'close');

    this.#server.close();
    this.#server.closeIdleConnections();

    // A connection whose request ends from now on is idle too: nobody else closes it.
    const idle = setInterval(() => this.#server.closeIdleConnections(), 50);

    const timer = setTimeout(() => {
      for (const socket of this.#sockets) {
        socket.destroy();
      }
    }, graceMs);

    await closed;
    clearInterval(idle);
    clearTimeout(timer);
  }
}
