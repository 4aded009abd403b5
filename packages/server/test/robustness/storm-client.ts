import https from 'node:https';
import { parse } from 'yaml';

/** An answer of the Kubernetes API. */
export interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  json: any;
}

/**
 * Calls the Kubernetes API over HTTPS as the administrator of a kubeconfig, over a few persistent
 * connections.
 */
export class StormClient {
  readonly #server: URL;
  readonly #agent: https.Agent;

  /** `kubeconfig` is the text of one with a client certificate. */
  constructor(kubeconfig: string) {
    const config = parse(kubeconfig);
    const decode = (data: string) => Buffer.from(data, 'base64');

    this.#server = new URL(config.clusters[0].cluster.server);

    this.#agent = new https.Agent({
      keepAlive: true,
      ca: decode(config.clusters[0].cluster['certificate-authority-data']),
      cert: decode(config.users[0].user['client-certificate-data']),
      key: decode(config.users[0].user['client-key-data']),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Makes a call; rejects when the connection ends before the whole answer came. */
  call(method: string, path: string, body?: unknown): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const length = text === undefined ? 0 : Buffer.byteLength(text);
      const headers =
        text === undefined ? {} : { 'content-type': 'application/json', 'content-length': length };

      const request = https.request(
        new URL(path, this.#server),
        { method, headers, agent: this.#agent },
        (response) => {
          let answer = '';

          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            answer += chunk;
          });
          response.on('error', reject);
          response.on('close', () => reject(new Error('the connection ended')));

          response.on('end', () => {
            if (response.complete) {
              resolve({ status: response.statusCode!, json: JSON.parse(answer) });
            } else {
              reject(new Error('the answer is cut off'));
            }
          });
        },
      );

      request.on('error', reject);
      request.end(text);
    });
  }

  /**
   * Calls `line` with each whole line of a watch until the server, the connection or `signal` ends
   * it.
   */
  watch(
    path: string,
    line: (event: { type: string; object: Reply['json'] }) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve) => {
      const request = https.request(
        new URL(path, this.#server),
        { agent: this.#agent, signal },
        (response) => {
          let rest = '';

          response.setEncoding('utf8');

          response.on('data', (chunk: string) => {
            const lines = (rest + chunk).split('\n');
            rest = lines.pop()!;

            for (const text of lines) {
              line(JSON.parse(text));
            }
          });

          response.on('error', () => {});
          response.on('close', resolve);
        },
      );

      request.on('error', () => resolve());
      request.end();
    });
  }
}
