import type { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import type tls from 'node:tls';
import { StatusError, serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import {
  isWhole,
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
  type Upgraded,
} from '@ks-apiserver/apimachinery/transport/transport';
import { Agent } from 'undici';
import type { WebSocket } from 'ws';
import type { Dial } from './agent-tunnel.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { dialledConnector, dialOrigin } from './dialled.ts';
import type { ClusterConfig } from './kubeconfig.ts';
import { RemoteAnswer } from './remote-answer.ts';
import { openUpgrade } from './upgrade.ts';
import { openWebSocket } from './web-socket.ts';

/** Headers with which a caller could act as somebody else under our credentials. */
const FORBIDDEN = /^(host|connection|impersonate-.*|x-remote-.*)$/;
const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 65_000;

/**
 * A connection on which nothing arrives is probed after this time, and ended when no probe is
 * answered: ten seconds later on Linux.
 */
const KEEP_ALIVE_MS = 10_000;

type TlsOptions = Pick<
  tls.ConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'
>;

function tlsOptions(config: ClusterConfig): TlsOptions {
  return {
    ...(config.ca && { ca: config.ca }),
    ...(config.cert && { cert: config.cert }),
    ...(config.key && { key: config.key }),
    ...(config.serverName && { servername: config.serverName }),
    ...(config.insecureSkipTlsVerify && { rejectUnauthorized: false }),
  };
}

function headerOf(bearerToken: () => string): Credentials {
  return async () => {
    const token = bearerToken();
    return token === '' ? '' : `Bearer ${token}`;
  };
}

/** How and with whose credentials calls are made. */
export interface RemoteOptions {
  /** Opens the connections; without it they are made from here. */
  dial?: Dial;
  /** Returns the token to send, instead of that of the kubeconfig; '' for none. */
  bearerToken?: () => string;
  /**
   * Credentials of the requests are sent, instead of those of the kubeconfig: for servers that know
   * the callers of this one.
   */
  sendsCredentialsOfRequests?: boolean;
}

/**
 * A Kubernetes API over HTTP. Redirects are passed back, never followed, and callers' credentials
 * are not sent, unless the options say so.
 */
export class RemoteTransport implements KubeTransport {
  readonly #agent: Agent;
  readonly #origin: URL;
  readonly #prefix: string;
  readonly #credentials: Credentials;
  readonly #config: ClusterConfig;
  readonly #sendsCredentialsOfRequests: boolean;
  readonly #dial: Dial | undefined;

  constructor(config: ClusterConfig, options: RemoteOptions = {}) {
    const { dial, bearerToken, sendsCredentialsOfRequests = false } = options;

    this.#config = config;
    this.#dial = dial;
    this.#sendsCredentialsOfRequests = sendsCredentialsOfRequests;
    this.#origin = new URL(config.server);
    this.#prefix = this.#origin.pathname.replace(/\/+$/, '');
    this.#credentials = bearerToken ? headerOf(bearerToken) : credentialsOf(config);

    this.#agent = new Agent({
      connect: dial
        ? dialledConnector(dial, this.#origin, tlsOptions(config))
        : {
            timeout: CONNECT_TIMEOUT_MS,
            keepAliveInitialDelay: KEEP_ALIVE_MS,
            ...tlsOptions(config),
          },
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Watches may be silent for long: the server ends them after timeoutSeconds.
      bodyTimeout: 0,
      connections: 256,
      pipelining: 1,
    });
  }

  async #headers(request: KubeRequest): Promise<Record<string, string>> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (!FORBIDDEN.test(name)) {
        headers[name] = value;
      }
    }

    if (this.#sendsCredentialsOfRequests) {
      return headers;
    }

    delete headers.authorization;
    const authorization = await this.#credentials();

    return authorization === '' ? headers : { ...headers, authorization };
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    const headers = await this.#headers(request);
    const { body: sent = null } = request;
    const body = sent === null || isWhole(sent) ? sent : Readable.from(sent);

    if (body instanceof Readable) {
      delete headers['content-length'];
    }

    try {
      const answer = new RemoteAnswer(request.signal);
      const { origin } = this.#origin;
      this.#agent.dispatch(
        {
          origin,
          path: this.#prefix + request.url,
          method: request.method as 'GET',
          headers,
          body,
        },
        answer,
      );

      return await answer.response;
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): StatusError {
    // The request's own body has failed.
    if (error instanceof StatusError) {
      return error;
    }

    const { message } = error as Error;

    return serviceUnavailable(
      `the Kubernetes API at ${this.#origin.origin} cannot be reached: ${message}`,
      error,
    );
  }

  async upgrade(request: KubeRequest): Promise<Upgraded | KubeResponse> {
    const headers = await this.#headers(request);

    try {
      const url = new URL(this.#origin.origin);

      return await openUpgrade(url, this.#prefix + request.url, {
        method: request.method,
        headers,
        tls: tlsOptions(this.#config),
        signal: request.signal,
        ...(this.#dial && { connection: await this.#connection(this.#dial) }),
      });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async webSocket(
    url: string,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<WebSocket> {
    const headers = await this.#headers({ method: 'GET', url, headers: {} });
    const target = `${this.#origin.origin.replace(/^http/, 'ws')}${this.#prefix}${url}`;
    const dialled = this.#dial && (await this.#connection(this.#dial));
    const options = {
      headers,
      origin: this.#origin.origin,
      ...tlsOptions(this.#config),
      // Node and ws use of a socket only what every stream has.
      ...(dialled && { createConnection: () => dialled as Socket }),
    };

    return openWebSocket(target, protocols, options, signal);
  }

  #connection(dial: Dial): Promise<Duplex> {
    return dialOrigin(dial, this.#origin, tlsOptions(this.#config));
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
