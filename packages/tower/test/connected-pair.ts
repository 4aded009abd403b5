import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Channel } from '@ks-apiserver/tower/connection/channel';
import type { OnChannelOpen } from '@ks-apiserver/tower/connection/channels';
import {
  Connection,
  type ConnectionOptions,
  type OnRequest,
} from '@ks-apiserver/tower/connection/connection';
import { CLIENT_LINE, SERVER_LINE } from '@ks-apiserver/tower/protocol/protocol';
import { hostKey } from '@ks-apiserver/tower/ssh/host-key';

/** How long tests wait for anything, in milliseconds. */
export const WAIT_MS = 30_000;

/** Resolves when a condition holds; rejects with the last failure after `WAIT_MS`. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  const end = Date.now() + WAIT_MS;

  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Two ends of a TCP connection on this machine. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const accepted = once(server, 'connection');
  const near = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1' });
  const [far] = (await accepted) as [Socket];

  server.close();

  for (const socket of [near, far]) {
    socket.on('error', () => {});
  }

  return [near, far];
}

/** What tests choose of a pair. */
export interface PairOptions {
  rekeyAfterBytes?: number;
  maxChannels?: number;
  onRequest?: OnRequest;
  /** What the client's end does with channels that the server opens. */
  onChannelOpen?: OnChannelOpen;
}

/** Both ends of a connection, authenticated. */
export interface Pair {
  server: Connection;
  client: Connection;
  serverSocket: Socket;
  clientSocket: Socket;
  /** Errors with which the ends have closed. */
  closed: { server?: Error | undefined; client?: Error | undefined };
  /** Opens a channel of the server's; the client's end is passed to `onChannelOpen`. */
  open(extra?: string): Promise<Channel>;
  close(): void;
}

const KEY = hostKey();

/** Connects two ends. */
export async function connectedPair(options: PairOptions = {}): Promise<Pair> {
  const [clientSocket, serverSocket] = await socketPair();
  const closed: Pair['closed'] = {};

  const common: Omit<ConnectionOptions, 'role' | 'line' | 'onClose'> = {
    maxChannels: options.maxChannels ?? 1000,
    onRequest: options.onRequest ?? (() => ({ isSuccess: true, payload: Buffer.alloc(0) })),
    onChannelOpen:
      options.onChannelOpen ??
      (async () => (channel) => {
        channel.pipe(channel);
      }),
    ...(options.rekeyAfterBytes && { rekeyAfterBytes: options.rekeyAfterBytes }),
  };

  const server = new Connection(serverSocket, {
    ...common,
    role: 'server',
    line: SERVER_LINE,
    hostKey: KEY,
    onClose: (error) => {
      closed.server = error;
    },
  });

  const client = new Connection(clientSocket, {
    ...common,
    role: 'client',
    line: CLIENT_LINE,
    onClose: (error) => {
      closed.client = error;
    },
  });

  await Promise.all([server.opened, client.opened]);

  return {
    server,
    client,
    serverSocket,
    clientSocket,
    closed,
    open: (extra = 'x:1') => server.openChannel('kubesphere', extra, AbortSignal.timeout(WAIT_MS)),
    close: () => {
      server.close();
      client.close();
      clientSocket.destroy();
      serverSocket.destroy();
    },
  };
}
