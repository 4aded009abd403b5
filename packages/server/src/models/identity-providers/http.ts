import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { ProviderError } from './provider.ts';
import type { TlsOptions } from './tls.ts';

/** Timeout of a whole call, in milliseconds. */
const TIMEOUT_MS = 5000;

/** Largest answer, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** The parts of a fetch request that providers need. */
export interface ProviderRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | URLSearchParams | undefined;
}

/**
 * Calls a provider like `fetch`, with limits of time and size, and without following redirects.
 * Throws a ProviderError.
 */
export type ProviderFetch = (url: string, request?: ProviderRequest) => Promise<Response>;

/** Returns why a connection failed, without addresses and credentials. */
export function reasonOf(error: unknown): string {
  const { code }: { code?: unknown } = Object(error);
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
}

/** Reads an answer whole. Throws a ProviderError for one that is too large or no answer. */
async function readResponse(answer: http.IncomingMessage, host: string): Promise<Response> {
  const chunks: Buffer[] = [];
  let size = 0;

  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) {
      throw new ProviderError(`the answer of ${host} is too large`, { outcome: 'failed' });
    }

    chunks.push(chunk);
  }

  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) {
    throw new ProviderError(`${host} answers with status ${status}`, { outcome: 'failed' });
  }

  // Response accepts no body with these statuses, and none is needed.
  const isEmpty = status === 204 || status === 205 || status === 304;
  const type = answer.headers['content-type'];

  return new Response(isEmpty ? null : Buffer.concat(chunks), {
    status,
    headers: type ? { 'content-type': type } : {},
  });
}

/** Returns a fetch with its own TLS options. */
export function providerFetch(tls: TlsOptions): ProviderFetch {
  return async (target, { method = 'GET', headers = {}, body } = {}) => {
    const url = new URL(target);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const bytes = body === undefined ? undefined : Buffer.from(String(body));

    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      headers: {
        'user-agent': 'ks-apiserver',
        ...headers,
        ...(bytes && { 'content-length': `${bytes.byteLength}` }),
      },
      signal,
      agent: false,
      maxHeaderSize: 16_384,
      ...tls,
    });

    // Errors while the answer is read are thrown by the reader.
    request.on('error', () => {});

    try {
      request.end(bytes);
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
      return await readResponse(answer, url.host);
    } catch (cause) {
      if (cause instanceof ProviderError) {
        throw cause;
      }

      const why = signal.aborted
        ? 'does not answer in time'
        : `cannot be reached${reasonOf(cause)}`;
      throw new ProviderError(`${url.host} ${why}`, { outcome: 'down', cause });
    }
  };
}
