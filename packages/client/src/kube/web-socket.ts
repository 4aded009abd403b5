import type { IncomingMessage } from 'node:http';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { type ClientOptions, WebSocket } from 'ws';
import { errorFrom } from './client.ts';

const HANDSHAKE_MS = 10_000;

/** Longest refusal that is read, in bytes. */
const REFUSAL_LIMIT = 64 * 1024;

/** Longest message of a Kubernetes API, in bytes. */
const MAX_PAYLOAD = 4 * 1024 * 1024;

/**
 * Opens a WebSocket and returns it paused; redirects are not followed. Rejects with a StatusError:
 * the API's answer, or 503 without one.
 */
export function openWebSocket(
  url: string,
  protocols: readonly string[],
  options: ClientOptions,
  signal: AbortSignal,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      ...options,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_PAYLOAD,
      perMessageDeflate: false,
      followRedirects: false,
    });

    const abort = () => socket.terminate();

    if (signal.aborted) {
      abort();
    }

    signal.addEventListener('abort', abort, { once: true });

    socket.once('open', () => {
      signal.removeEventListener('abort', abort);
      socket.pause();
      resolve(socket);
    });

    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      readBody(response, REFUSAL_LIMIT)
        .catch(() => Buffer.alloc(0))
        .then((body) => reject(errorFrom(response.statusCode ?? 502, body)))
        .finally(abort);
    });

    // An error without a listener would end the process.
    socket.on('error', (error) =>
      reject(serviceUnavailable(`the Kubernetes API cannot be reached: ${error.message}`, error)),
    );
    socket.once('close', () =>
      reject(serviceUnavailable('the Kubernetes API closed the connection')),
    );
  });
}
