import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { errorFrom } from '@ks-apiserver/client/kube/client';
import { type KubeRequest, type KubeTransport, readBody } from '@ks-apiserver/client/kube/transport';
import { WebSocketServer } from 'ws';
import { asReadable, redactedEvents } from '../models/gate/redacted-response.ts';
import type { SecretFields } from '../models/gate/redaction.ts';

const MAX_BUFFERED = 4 * 1024 * 1024;
const PING_INTERVAL_MS = 30_000;
const ERROR_LIMIT = 1024 * 1024;
const HANDSHAKE = /^(upgrade|connection|sec-websocket-.*|origin)$/;
const server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024, perMessageDeflate: false });

/** A call and the connection on which it asks for a WebSocket. */
export interface SocketCall {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  request: KubeRequest;
  verb: string;
  /** Fields that are kept back from the caller. */
  hidden: SecretFields;
}

/**
 * Serves a watch of objects with secrets as text messages of a WebSocket that ends here, so that none passes. Throws what the
 * Kubernetes API answers while the connection is not upgraded yet; later failures close it.
 */
export async function serveRedactedWatch(kubernetes: KubeTransport, call: SocketCall): Promise<void> {
  const { req, socket, head, request, verb, hidden } = call;
  if (verb !== 'watch') throw badRequest('only watches of this resource can be upgraded');
  if (req.headers['sec-websocket-key'] === undefined) throw badRequest('only WebSocket upgrades are served');
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HANDSHAKE.test(name)));
  const response = await kubernetes.request({ ...asReadable({ ...request, headers }), signal: gone.signal });
  if (response.status !== 200) throw errorFrom(response.status, await readBody(response.body, ERROR_LIMIT));
  server.handleUpgrade(req, socket, head, async (client) => {
    const ping = setInterval(() => client.ping(), PING_INTERVAL_MS);
    client.on('error', () => client.terminate());
    try {
      for await (const event of redactedEvents(response.body, hidden)) {
        client.send(event);
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
