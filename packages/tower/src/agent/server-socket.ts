import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { HANDSHAKE_MS, MAX_WEB_SOCKET_MESSAGE, PROTOCOL } from '../protocol/protocol.ts';

/** How a server of agents is reached. */
export interface ServerAddress {
  url: URL;
  /** Certificates of the authorities that are trusted, PEM, instead of those of Node. */
  ca?: string;
}

/**
 * Opens a WebSocket to a server of agents, whose certificate is verified; redirects are not
 * followed. Returns the stream of bytes that it carries; rejects with the reason when there is none.
 */
export function openServerSocket({ url, ca }: ServerAddress, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, PROTOCOL, {
      handshakeTimeout: HANDSHAKE_MS,
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: MAX_WEB_SOCKET_MESSAGE,
      ...(ca !== undefined && { ca }),
      // Masks keep scripts of browsers from choosing the bytes on the wire. These are encrypted, and
      // a mask of zeros saves both ends a pass over them.
      generateMask: (mask) => void mask.fill(0),
      finishRequest(request: ClientRequest) {
        // Tower takes the subprotocol without naming it in its answer, which clients must refuse.
        request.prependListener('upgrade', ({ headers }: IncomingMessage) => {
          headers['sec-websocket-protocol'] ??= PROTOCOL;
        });
        request.end();
      },
    });

    const abort = () => webSocket.terminate();
    signal.addEventListener('abort', abort, { once: true });

    webSocket.once('unexpected-response', (_request, response) => {
      reject(new Error(`the server answered ${response.statusCode}`));
      response.destroy();
      webSocket.terminate();
    });

    // Also keeps later errors, which end the stream, from ending the process.
    webSocket.on('error', reject);
    webSocket.once('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new Error('the server closed the connection'));
    });

    webSocket.once('open', () => {
      const stream = createWebSocketStream(webSocket, { decodeStrings: true });
      stream.on('error', () => {});
      resolve(stream);
    });

    if (signal.aborted) {
      abort();
    }
  });
}
