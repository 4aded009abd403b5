import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { parse } from 'yaml';
import { bodyText } from './request-body.ts';

/** An answer of the Kubernetes API, as text with its headers. */
export interface KubernetesAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/**
 * A client of the Kubernetes API's own port whose only credential is a user's kubeconfig with its
 * client certificate.
 */
export class OwnKubeconfig {
  readonly #server: string;
  readonly #agent: https.Agent;

  /** `config` is the YAML of a kubeconfig with one cluster and one user. */
  constructor(config: string) {
    const { clusters, users } = parse(config);
    const decode = (data: string) => Buffer.from(data, 'base64');
    const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
    const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;

    this.#server = server;

    this.#agent = new https.Agent({
      ca: decode(ca),
      cert: decode(cert),
      key: decode(key),
      keepAlive: true,
    });
  }

  /**
   * Calls a path with the certificate. A string is sent as it is, anything else as JSON; `forMs`
   * cuts a stream after this many milliseconds.
   */
  async call(
    path: string,
    {
      method,
      headers = {},
      body,
      forMs,
    }: { method?: string; headers?: Record<string, string>; body?: unknown; forMs?: number } = {},
  ): Promise<KubernetesAnswer> {
    const payload = bodyText(body);

    const request = https.request(this.#server + path, {
      method: method ?? (payload === undefined ? 'GET' : 'POST'),
      agent: this.#agent,
      headers: {
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
        ...headers,
      },
    });

    request.end(payload);

    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const cut = forMs === undefined ? undefined : setTimeout(() => request.destroy(), forMs);
    let text = '';

    try {
      for await (const chunk of response) {
        text += chunk;
      }
    } catch (error) {
      // The text of a cut stream is everything that came before.
      if (!cut || !request.destroyed) {
        throw error;
      }
    }

    clearTimeout(cut);

    return { status: response.statusCode!, headers: response.headers, text };
  }

  /** Closes its connections. */
  close(): void {
    this.#agent.destroy();
  }
}
