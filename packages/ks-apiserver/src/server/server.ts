import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { compose, type Exchange } from '@ks-apiserver/apiserver/http/exchange';
import { Listener } from '@ks-apiserver/apiserver/http/listener';
import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import type { Logger } from 'pino';
import { ANONYMOUS } from '../models/iam/authenticate.ts';
import { type ChainParts, chain, upgradeChain } from './chain.ts';
import type { Metrics } from './metrics.ts';
import { sourceIP } from './source-ip.ts';

/** How long requests may take to finish when the server stops, in milliseconds. */
const GRACE_MS = 10_000;
const UNKNOWN: RequestInfo = {
  isResource: false,
  isKubernetes: false,
  path: '/',
  verb: '',
  apiPrefix: '',
  cluster: '',
  group: '',
  version: '',
  workspace: '',
  namespace: '',
  devops: '',
  resource: '',
  subresource: '',
  name: '',
  scope: 'Cluster',
};

/** The KubeSphere API on any number of addresses: they all lead into the same chain. */
export class KsApiServer {
  readonly #parts: Omit<ChainParts, 'stopping'>;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #listeners = new Map<string, Listener>();
  readonly #handle: (exchange: Exchange) => Promise<void>;
  readonly #upgrades = new Set<Duplex>();

  constructor(parts: Omit<ChainParts, 'stopping'>, metrics: Metrics, log: Logger) {
    this.#parts = parts;
    this.#metrics = metrics;
    this.#log = log;
    this.#handle = compose(chain({ ...parts, stopping: this.#stopping.signal }));
  }

  /** Listens on one more address; rejects with the system's error. Answers the port. */
  async listen(host: string, port: number): Promise<number> {
    const listener = await Listener.listen({ host, port, onRequest: this.#onRequest, onUpgrade: this.#onUpgrade });
    this.#listeners.set(`${host}:${listener.port}`, listener);
    return listener.port;
  }

  /** Stops listening on one address; its running requests finish. */
  async unlisten(host: string, port: number): Promise<void> {
    const key = `${host}:${port}`;
    const listener = this.#listeners.get(key);
    this.#listeners.delete(key);
    await listener?.close(GRACE_MS);
  }

  #exchange(req: IncomingMessage, res: ServerResponse): Exchange {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    return {
      req,
      res,
      url: req.url ?? '/',
      info: UNKNOWN,
      user: ANONYMOUS,
      signal: gone.signal,
      receivedAt: performance.now(),
      sourceIP: sourceIP(req),
    };
  }

  readonly #onRequest = (req: IncomingMessage, res: ServerResponse): void => {
    const exchange = this.#exchange(req, res);
    if (this.#stopping.signal.aborted) res.setHeader('connection', 'close');
    this.#metrics.inFlight.inc();
    res.once('close', () => {
      this.#metrics.inFlight.dec();
      this.#metrics.observe(exchange);
      this.#access(exchange, res.statusCode);
    });
    this.#handle(exchange).catch((error) => {
      this.#log.error({ err: error, path: exchange.info.path }, 'a request failed in an unexpected way');
      res.destroy();
    });
  };

  #access({ req, info, user, receivedAt, sourceIP }: Exchange, status: number): void {
    // The path without its query: queries carry codes and tokens.
    const line = {
      ip: sourceIP,
      user: user.name,
      method: req.method,
      path: info.path,
      status,
      ms: Math.round(performance.now() - receivedAt),
    };
    this.#log.info(line, 'request');
  }

  readonly #onUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    // No ServerResponse belongs to an upgrade: filters only read the request.
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    const exchange: Exchange = {
      req,
      res: undefined as unknown as ServerResponse,
      url: req.url ?? '/',
      info: UNKNOWN,
      user: ANONYMOUS,
      signal: gone.signal,
      receivedAt: performance.now(),
      sourceIP: sourceIP(req),
    };
    const hand = compose(
      upgradeChain({ ...this.#parts, stopping: this.#stopping.signal }, (_exchange, request) => {
        this.#upgrades.add(socket);
        socket.once('close', () => this.#upgrades.delete(socket));
        this.#access(exchange, 101);
        this.#parts.kubernetes.upgrade(request, socket, head);
      }),
    );
    hand(exchange).catch((thrown) => {
      const error = toStatusError(thrown);
      const body = JSON.stringify(error.status());
      this.#access(exchange, error.code);
      socket.end(
        `HTTP/1.1 ${error.code} ${error.reason || 'Error'}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  };

  /** Stops gracefully: no new connections, watches end, running requests finish, within 10 s. */
  async close(): Promise<void> {
    this.#stopping.abort();
    for (const socket of this.#upgrades) socket.end();
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close(GRACE_MS)));
    for (const socket of this.#upgrades) socket.destroy();
  }
}
