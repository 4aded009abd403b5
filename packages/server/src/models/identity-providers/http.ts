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

/** Returns a fetch with its own TLS options. */
export function providerFetch(tls: TlsOptions): ProviderFetch {
  return (target, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(target);
      const signal = AbortSignal.timeout(TIMEOUT_MS);

      const failed = (cause: Error) => {
        if (cause instanceof ProviderError) {
          return reject(cause);
        }

        const why = signal.aborted
          ? 'does not answer in time'
          : `cannot be reached${reasonOf(cause)}`;
        reject(new ProviderError(`${url.host} ${why}`, { outcome: 'down', cause }));
      };

      const bytes = body === undefined ? undefined : Buffer.from(String(body));

      const own = {
        'user-agent': 'ks-apiserver',
        ...headers,
        ...(bytes && { 'content-length': `${bytes.byteLength}` }),
      };

      const options = { method, headers: own, signal, agent: false, maxHeaderSize: 16_384, ...tls };

      const request = (url.protocol === 'https:' ? https : http).request(
        url,
        options,
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.byteLength;
            chunks.push(chunk);

            if (size > MAX_BYTES) {
              response.destroy(
                new ProviderError(`the answer of ${url.host} is too large`, { outcome: 'failed' }),
              );
            }
          });

          response.on('error', failed);

          response.on('end', () => {
            const status = response.statusCode ?? 0;

            // Response accepts no body with these statuses, and none is needed.
            const empty = status === 204 || status === 205 || status === 304;
            const type = response.headers['content-type'];

            if (status < 200 || status > 599) {
              return failed(
                new ProviderError(`${url.host} answers with status ${status}`, {
                  outcome: 'failed',
                }),
              );
            }

            resolve(
              new Response(empty ? null : Buffer.concat(chunks), {
                status,
                headers: type ? { 'content-type': type } : {},
              }),
            );
          });
        },
      );

      request.on('error', failed);
      request.end(bytes);
    });
}
