import type { IncomingMessage } from 'node:http';
import { endToEndHeaders } from '@ks-apiserver/apimachinery/transport/end-to-end-headers';
import type { KubeRequest } from '@ks-apiserver/apimachinery/transport/transport';

/** Returns the call that a client made, with its body still streaming; `signal` ends it. */
export function kubeRequestFrom(
  req: IncomingMessage,
  signal?: AbortSignal,
  headers: Record<string, string> = endToEndHeaders(req.headers),
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
