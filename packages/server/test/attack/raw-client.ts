import http from 'node:http';
import { bodyText } from '../support/request-body.ts';

/** An answer as it came: every header and byte in `all`, bytes as Latin-1. */
export interface RawAnswer {
  status: number;
  body: string;
  all: string;
}

/**
 * A request to send; `forMs` cuts a stream after this many milliseconds and returns what came until
 * then.
 */
export interface RawCall {
  method?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: unknown;
  forMs?: number;
}

/** A client for very many calls: it keeps connections, and decodes no answers. */
export class RawClient {
  readonly #base: URL;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

  constructor(url: string) {
    this.#base = new URL(url);
  }

  send(
    path: string,
    { method, token, headers = {}, body, forMs }: RawCall = {},
  ): Promise<RawAnswer> {
    const payload = bodyText(body);

    return new Promise((resolve, reject) => {
      const request = http.request({
        hostname: this.#base.hostname,
        port: this.#base.port,
        path,
        method: method ?? (payload === undefined ? 'GET' : 'POST'),
        agent: this.#agent,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
          ...headers,
        },
      });

      request.on('error', reject);

      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let timer: NodeJS.Timeout | undefined;

        const done = () => {
          clearTimeout(timer);

          const text = Buffer.concat(chunks).toString('latin1');
          const status = response.statusCode ?? 0;
          resolve({
            status,
            body: text,
            all: `${status} ${response.rawHeaders.join('\n')}\n${text}`,
          });
        };

        if (forMs !== undefined) {
          timer = setTimeout(() => {
            done();
            request.destroy();
          }, forMs);
        }

        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', done);
        response.on('error', done);
      });

      request.end(payload);
    });
  }

  /** Closes its connections. */
  close(): void {
    this.#agent.destroy();
  }
}
