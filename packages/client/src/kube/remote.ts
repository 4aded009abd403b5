import net from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import tls from 'node:tls';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { Agent } from 'undici';
import type { WebSocket } from 'ws';
import { type Credentials, credentialsOf } from './credentials.ts';
import { headerNames } from './header-names.ts';
import type { ClusterConfig } from './kubeconfig.ts';
import { RemoteAnswer } from './remote-answer.ts';
import { isWhole, type KubeRequest, type KubeResponse, type KubeTransport } from './transport.ts';
import { openWebSocket } from './web-socket.ts';

/** Headers by which a caller could act as somebody else with our credentials. */
const FORBIDDEN = headerNames(/^(authorization|host|connection|impersonate-.*|x-remote-.*)$/);
const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 65_000;
/** A connection on which nothing comes is probed after this time, and given up when nobody answers: ten seconds later on Linux. */
const KEEP_ALIVE_MS = 10_000;

type TlsOptions = Pick<tls.ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

function tlsOptions(config: ClusterConfig): TlsOptions {
  return {
    ...(config.ca && { ca: config.ca }),
    ...(config.cert && { cert: config.cert }),
    ...(config.key && { key: config.key }),
    ...(config.serverName && { servername: config.serverName }),
    ...(config.insecureSkipTlsVerify && { rejectUnauthorized: false }),
  };
}

/** A Kubernetes API over HTTP; redirects are passed back, never followed, and callers' credentials never leave this server. */
export class RemoteTransport implements KubeTransport {
  readonly #agent: Agent;
  readonly #origin: URL;
  readonly #prefix: string;
  readonly #credentials: Credentials;
  readonly #config: ClusterConfig;

  constructor(config: ClusterConfig) {
    this.#config = config;
    this.#origin = new URL(config.server);
    this.#prefix = this.#origin.pathname.replace(/\/+$/, '');
    this.#credentials = credentialsOf(config);
    this.#agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, keepAliveInitialDelay: KEEP_ALIVE_MS, ...tlsOptions(config) },
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Watches may be silent for long: their end is the server's timeoutSeconds.
      bodyTimeout: 0,
      connections: 256,
      pipelining: 1,
    });
  }

  async #headers(request: KubeRequest): Promise<Record<string, string>> {
    const headers: Record<string, string> = {};
    for (const name in request.headers) if (!FORBIDDEN(name)) headers[name] = request.headers[name]!;
    const authorization = await this.#credentials();
    if (authorization !== '') headers.authorization = authorization;
    return headers;
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    const headers = await this.#headers(request);
    const body = request.body === undefined ? null : isWhole(request.body) ? request.body : Readable.from(request.body);
    if (body instanceof Readable) delete headers['content-length'];
    try {
      const answer = new RemoteAnswer(request.signal);
      const { origin } = this.#origin;
      this.#agent.dispatch(
        { origin, path: this.#prefix + request.url, method: request.method as 'GET', headers, body },
        answer,
      );
      return await answer.response;
    } catch (error) {
      throw serviceUnavailable(
        `the Kubernetes API at ${this.#origin.origin} cannot be reached: ${(error as Error).message}`,
        error,
      );
    }
  }

  upgrade(request: KubeRequest, client: Duplex, head: Uint8Array): void {
    const fail = (status: string, message: string) => {
      if (client.writable)
        client.end(
          `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
        );
    };
    this.#headers(request).then(
      (headers) => {
        const { hostname, port, protocol, host } = this.#origin;
        const address = {
          host: hostname.replace(/^\[|\]$/g, ''),
          port: Number(port) || (protocol === 'https:' ? 443 : 80),
        };
        const upstream =
          protocol === 'https:'
            ? tls.connect({ ...address, ...tlsOptions(this.#config), ALPNProtocols: ['http/1.1'] })
            : net.connect(address);
        const timer = setTimeout(() => upstream.destroy(new Error('connecting took too long')), CONNECT_TIMEOUT_MS);
        upstream.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          clearTimeout(timer);
          const lines = Object.entries({
            ...headers,
            host,
            connection: 'Upgrade',
            upgrade: request.headers.upgrade ?? 'websocket',
          });
          upstream.write(
            `${request.method} ${this.#prefix}${request.url} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`,
          );
          if (head.byteLength > 0) upstream.write(head);
          // The API's own answer, 101 or refusal, goes to the client as it comes.
          upstream.pipe(client);
          client.pipe(upstream);
        });
        upstream.once('error', (error) => {
          clearTimeout(timer);
          if (upstream.bytesRead === 0)
            fail('502 Bad Gateway', `the Kubernetes API cannot be reached: ${error.message}\n`);
          else client.destroy();
        });
        client.once('error', () => upstream.destroy());
        client.once('close', () => upstream.destroy());
        upstream.once('close', () => client.end());
      },
      (error: Error) => fail('502 Bad Gateway', `${error.message}\n`),
    );
  }

  async webSocket(url: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket> {
    const headers = await this.#headers({ method: 'GET', url, headers: {} });
    const target = `${this.#origin.origin.replace(/^http/, 'ws')}${this.#prefix}${url}`;
    const options = { headers, origin: this.#origin.origin, ...tlsOptions(this.#config) };
    return openWebSocket(target, protocols, options, signal);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
