import { badRequest, internalError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { errorFrom } from '@ks-apiserver/client/kube/client';
import {
  isWhole,
  type KubeBody,
  type KubeRequest,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/client/kube/transport';
import { WebSocketServer } from 'ws';
import { asReadable } from '../models/gate/redacted-response.ts';
import type { UpgradeConnection } from './upgrade-relay.ts';

const MAX_BUFFERED = 4 * 1024 * 1024;
const PING_INTERVAL_MS = 30_000;
const ERROR_LIMIT = 1024 * 1024;
/** Longest event, in bytes: etcd's limit is 1.5 MB, Tables may be larger. */
const EVENT_LIMIT = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const HANDSHAKE = /^(upgrade|connection|sec-websocket-.*|origin)$/;
/** Subprotocols by which clients of Kubernetes hand over a token, which nobody must repeat. */
const TOKEN_PROTOCOL = /^base64url\.bearer\.authorization\./;

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
  handleProtocols: (offered) => [...offered].find((name) => !TOKEN_PROTOCOL.test(name)) ?? false,
});

/** The lines of a body without their ends; half a line at the end is dropped, for the watch resumes before it. */
async function* lines(body: KubeBody): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const piece of isWhole(body) ? [body] : body) {
    let chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE)) {
      const line = rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...rest, chunk.subarray(0, end)]);
      rest = [];
      size = 0;
      chunk = chunk.subarray(end + 1);
      if (line.byteLength > 0) yield line;
    }
    if (chunk.byteLength === 0) continue;
    rest.push(chunk);
    size += chunk.byteLength;
    if (size > EVENT_LIMIT) throw internalError(`a watch event is larger than ${EVENT_LIMIT} bytes`);
  }
}

/**
 * Serves a watch of the Kubernetes API as text messages of a WebSocket that ends here, so that every event takes the way of
 * ordinary watches: `call` makes that. Throws what it answers while the connection is not upgraded yet; later failures close it.
 */
export async function serveWatchSocket(
  request: KubeRequest,
  { req, socket, head }: UpgradeConnection,
  call: (request: KubeRequest) => Promise<KubeResponse>,
): Promise<void> {
  if (req.headers['sec-websocket-key'] === undefined) throw badRequest('only WebSocket upgrades are served');
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HANDSHAKE.test(name)));
  const response = await call({ ...asReadable({ ...request, headers }), signal: gone.signal });
  if (response.status !== 200) throw errorFrom(response.status, await readBody(response.body, ERROR_LIMIT));
  server.handleUpgrade(req, socket, head, async (client) => {
    const ping = setInterval(() => client.ping(), PING_INTERVAL_MS);
    client.on('error', () => client.terminate());
    try {
      for await (const event of lines(response.body)) {
        client.send(event, { binary: false });
        while (client.bufferedAmount > MAX_BUFFERED && client.readyState === client.OPEN)
          await new Promise((resolve) => setTimeout(resolve, 20));
      }
      client.close(1000);
    } catch (error) {
      client.close(1011, toStatusError(error).message.slice(0, 100));
    } finally {
      clearInterval(ping);
    }
  });
}
