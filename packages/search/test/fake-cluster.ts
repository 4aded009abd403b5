import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the fake cluster received. */
export interface Received {
  readonly method: string;
  /** Path and query, decoded. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** Answers a request; returning false drops the connection. */
export type Answerer = (received: Received, response: ServerResponse) => unknown;

/** Answers with JSON. */
export function json(value: unknown, status = 200): Answerer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }

  return Buffer.concat(chunks).toString();
}

/** An HTTP server in the place of Elasticsearch: it keeps what it receives. */
export class FakeCluster {
  readonly received: Received[] = [];
  /** How requests are answered. */
  answer: Answerer = json({ hits: { total: { value: 0 }, hits: [] } });
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    await new Promise<void>((resolve) => {
      cluster.#server.listen(0, '127.0.0.1', resolve);
    });

    return cluster;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);

    const received = {
      method: request.method ?? '',
      url: decodeURIComponent(request.url ?? ''),
      authorization: request.headers.authorization,
      body: text === '' ? undefined : JSON.parse(text),
    };

    this.received.push(received);

    if (this.answer(received, response) === false) {
      request.socket.destroy();
    }
  }

  /** Returns what was received since the last call. */
  take(): Received[] {
    return this.received.splice(0);
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();

    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
