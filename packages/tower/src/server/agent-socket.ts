import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { MAX_WEB_SOCKET_MESSAGE, PROTOCOL } from '../protocol/protocol.ts';

const webSockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_WEB_SOCKET_MESSAGE,
  handleProtocols: () => PROTOCOL,
});

/** Whether a request for an upgrade is that of an agent. */
export function isAgentUpgrade({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-protocol'] === PROTOCOL
  );
}

/** Grants an upgrade; calls back with the stream of bytes that the WebSocket carries. */
export function agentStream(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  take: (stream: Duplex) => void,
): void {
  webSockets.handleUpgrade(req, socket, head, (webSocket) => {
    const stream = createWebSocketStream(webSocket, { decodeStrings: true });
    // Errors end the connection, which has listeners of its own from here on.
    stream.on('error', () => {});
    take(stream);
  });
}
