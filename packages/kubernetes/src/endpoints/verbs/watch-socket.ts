import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest } from '@ks-apiserver/apimachinery/transport/transport';
import { WebSocketServer } from 'ws';
import type { Watcher } from '../../registry/store/watch-hub.ts';
import type { Call } from '../call.ts';
import type { Verb } from '../dispatch.ts';
import { errorResponse } from '../respond.ts';
import { startWatch } from './watch.ts';

const MAX_BUFFERED = 4 * 1024 * 1024;
const PING_INTERVAL_MS = 30_000;

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
});

/** Writes an error to a socket that was to be upgraded. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const { status, body } = errorResponse(error);
  const bytes = body as Buffer;

  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\ncontent-length: ${bytes.byteLength}\r\nconnection: close\r\n\r\n${bytes}`,
  );
}

/**
 * Serves a watch as text messages of a WebSocket; `prepare` finds the call and may throw an error
 * for the client.
 */
export function serveWatchSocket(
  request: KubeRequest,
  socket: Duplex,
  head: Uint8Array,
  prepare: () => { call: Call; verb: string; run: Verb },
): void {
  let watcher: Watcher;

  try {
    const { call, verb, run } = prepare();
    if (verb !== 'watch') {
      // The handlers of exec, attach and portforward throw why they cannot be served.
      const refuse = (error: unknown) => refuseUpgrade(socket, error);
      run(call).then(() => refuse(badRequest('only watches can be upgraded')), refuse);
      return;
    }

    if (request.headers['sec-websocket-key'] === undefined) {
      throw badRequest('only WebSocket upgrades are served');
    }

    watcher = startWatch(call);
  } catch (error) {
    refuseUpgrade(socket, error);
    return;
  }

  const upgrade = {
    method: 'GET',
    url: request.url,
    headers: { ...request.headers, connection: 'Upgrade', upgrade: 'websocket' },
  } as unknown as IncomingMessage;

  socket.on('close', () => watcher.return());

  server.handleUpgrade(upgrade, socket, Buffer.from(head), async (client) => {
    const ping = setInterval(() => client.ping(), PING_INTERVAL_MS);

    client.on('error', () => client.terminate());
    client.on('close', () => watcher.return());

    try {
      for await (const frame of watcher) {
        client.send(frame.subarray(0, -1), { binary: false });
        while (client.bufferedAmount > MAX_BUFFERED && client.readyState === client.OPEN) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }

      client.close(1000);
    } finally {
      clearInterval(ping);
    }
  });
}
