import { badRequest, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type KubeRequest,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { errorFrom } from '@ks-apiserver/client/kube/client';
import { watchLines } from '@ks-apiserver/client/kube/watch-frames';
import { WebSocketServer } from 'ws';
import { asReadable } from '../models/redaction/redacted-response.ts';
import type { UpgradeConnection } from './upgrade-relay.ts';

const MAX_BUFFERED = 4 * 1024 * 1024;
const PING_INTERVAL_MS = 30_000;
const ERROR_LIMIT = 1024 * 1024;
const HANDSHAKE = /^(upgrade|connection|sec-websocket-.*|origin)$/;

/** Subprotocols with which clients of Kubernetes pass a token, which must not be repeated. */
const TOKEN_PROTOCOL = /^base64url\.bearer\.authorization\./;

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
  handleProtocols: (offered) => [...offered].find((name) => !TOKEN_PROTOCOL.test(name)) ?? false,
});

/**
 * Serves a watch of the Kubernetes API as text messages of a WebSocket that ends here, so that
 * every event is treated as in ordinary watches: `call` makes that watch. Throws the API's answer
 * while the connection is not upgraded yet; later failures close it.
 */
export async function serveWatchSocket(
  request: KubeRequest,
  { req, socket, head }: UpgradeConnection,
  call: (request: KubeRequest) => Promise<KubeResponse>,
): Promise<void> {
  if (req.headers['sec-websocket-key'] === undefined) {
    throw badRequest('only WebSocket upgrades are served');
  }

  const gone = new AbortController();
  socket.once('close', () => gone.abort());

  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !HANDSHAKE.test(name)),
  );
  const response = await call({ ...asReadable({ ...request, headers }), signal: gone.signal });
  if (response.status !== 200) {
    throw errorFrom(response.status, await readBody(response.body, ERROR_LIMIT));
  }

  server.handleUpgrade(req, socket, head, async (client) => {
    const ping = setInterval(() => client.ping(), PING_INTERVAL_MS);

    client.on('error', () => client.terminate());

    try {
      for await (const event of watchLines(response.body)) {
        client.send(event, { binary: false });
        while (client.bufferedAmount > MAX_BUFFERED && client.readyState === client.OPEN) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }

      client.close(1000);
    } catch (error) {
      client.close(1011, toStatusError(error).message.slice(0, 100));
    } finally {
      clearInterval(ping);
    }
  });
}
