import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { KubeResponse, Upgraded } from '@ks-apiserver/apimachinery/transport/transport';

/**
 * How long the API may take until it answers, and after that for a body that is no upgrade, in
 * milliseconds.
 */
const ANSWER_MS = 30_000;

/** Longest answer that is no upgrade, in bytes. */
const ANSWER_LIMIT = 16 * 1024 * 1024;

/**
 * Headers that concern one connection only (RFC 9110 section 7.6.1), or a body, which is not sent.
 */
const NOT_SENT = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
]);

const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'trailer',
  'transfer-encoding',
]);

/** What to ask for; `headers` name the protocol under `upgrade`. */
export interface UpgradeOptions {
  method: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  tls: ConnectionOptions;
  signal: AbortSignal | undefined;
  /** A connection that is open already, with TLS if it has to have it; otherwise one is made. */
  connection?: Duplex;
}

function answerHeaders(res: http.IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(res.headers)) {
    if (value !== undefined && !NOT_PASSED_ON.has(name)) {
      headers[name] = value;
    }
  }

  return headers;
}

/** Returns a body that fails as soon as it is longer than it may be. */
async function* bounded(res: http.IncomingMessage): AsyncGenerator<Uint8Array> {
  let size = 0;

  for await (const chunk of res as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > ANSWER_LIMIT) {
      throw new RangeError(`the answer is longer than ${ANSWER_LIMIT} bytes`);
    }

    yield chunk;
  }
}

/**
 * Asks a server for a protocol upgrade on a connection of its own (RFC 9110 section 7.8). Returns
 * the connection only after `101 Switching Protocols`; any other answer is returned as such and
 * ends the connection. Rejects with the system's error, with a TimeoutError after 30 s, or with the
 * signal's reason.
 */
export function openUpgrade(
  origin: URL,
  path: string,
  options: UpgradeOptions,
): Promise<Upgraded | KubeResponse> {
  const { method, tls, signal, connection } = options;
  const headers: Record<string, string> = { connection: 'Upgrade' };
  for (const [name, value] of Object.entries(options.headers)) {
    if (!NOT_SENT.has(name)) {
      headers[name] = value;
    }
  }

  return new Promise((resolve, reject) => {
    const isSecure = origin.protocol === 'https:';

    const request = (isSecure ? https : http).request({
      host: origin.hostname.replace(/^\[|\]$/g, ''),
      port: Number(origin.port) || (isSecure ? 443 : 80),
      path,
      method,
      headers,
      ...(isSecure && { ...tls, ALPNProtocols: ['http/1.1'] }),
      // An agent would open a connection of its own, whatever is given here.
      ...(connection ? { createConnection: () => connection } : { agent: false }),
    });

    const late = () =>
      request.destroy(
        new DOMException(`no answer to the upgrade within ${ANSWER_MS} ms`, 'TimeoutError'),
      );

    let timer = setTimeout(late, ANSWER_MS);
    const abort = () =>
      request.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));

    if (signal?.aborted) {
      abort();
    }

    signal?.addEventListener('abort', abort, { once: true });

    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };

    request.once('upgrade', (res: http.IncomingMessage, socket: Duplex, head: Buffer) => {
      settle();
      // Keep errors from ending the process until the reader has taken the connection over.
      socket.on('error', () => socket.destroy());

      const upgraded = { ...answerHeaders(res), connection: 'Upgrade' };
      resolve({ status: 101, headers: upgraded, socket, head });
    });

    request.once('response', (res) => {
      clearTimeout(timer);
      timer = setTimeout(late, ANSWER_MS);
      res.once('close', settle);

      const { upgrade: _upgrade, ...kept } = answerHeaders(res);
      resolve({ status: res.statusCode ?? 502, headers: kept, body: bounded(res) });
    });

    request.on('error', (error) => {
      settle();
      reject(error);
    });

    request.once('close', () => reject(new Error('the connection was closed without an answer')));
    request.end();
  });
}
