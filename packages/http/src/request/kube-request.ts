import type { IncomingMessage } from 'node:http';
import type { KubeRequest } from '@ks-apiserver/apimachinery/transport/transport';

/** Headers that concern one connection only (RFC 9110 section 7.6.1) and are never passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Returns a client's end-to-end headers, repeated ones joined; those that `Connection` names are
 * dropped too.
 */
export function endToEndHeaders(req: IncomingMessage): Record<string, string> {
  const { connection } = req.headers;
  const named =
    connection === undefined ? undefined : new Set(connection.toLowerCase().split(/\s*,\s*/));
  const headers: Record<string, string> = {};
  for (const name in req.headers) {
    const value = req.headers[name];
    if (value === undefined || HOP_BY_HOP.has(name) || named?.has(name)) {
      continue;
    }

    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }

  return headers;
}

/** Returns the call that a client made, with its body still streaming; `signal` ends it. */
export function kubeRequestFrom(
  req: IncomingMessage,
  signal?: AbortSignal,
  headers: Record<string, string> = endToEndHeaders(req),
): KubeRequest {
  const hasBody =
    req.headers['transfer-encoding'] !== undefined ||
    Number(req.headers['content-length'] ?? 0) > 0;

  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    headers,
    ...(hasBody && { body: req as AsyncIterable<Uint8Array> }),
    ...(signal && { signal }),
  };
}
