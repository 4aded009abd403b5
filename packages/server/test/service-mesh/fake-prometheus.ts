import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one query. */
export type Answerer = (query: string, res: ServerResponse, req: IncomingMessage) => unknown;

/** Answers with the data of a result. */
export function sends(data: unknown): Answerer {
  return (_query, res) => res.end(JSON.stringify({ status: 'success', data }));
}

/** Answers with an empty result of the type that is asked for. */
export const nothing: Answerer = (query, res, req) =>
  sends({ resultType: req.url?.endsWith('_range') ? 'matrix' : 'vector', result: [] })(
    query,
    res,
    req,
  );

/** Stands in for a Prometheus. */
export class FakePrometheus {
  readonly url: string;
  answer: Answerer = nothing;
  /** Queries since the last call of `asked`. */
  #queries: string[] = [];
  readonly #server: ReturnType<typeof createServer>;

  private constructor(url: string, server: ReturnType<typeof createServer>) {
    this.url = url;
    this.#server = server;

    server.on('request', async (req: IncomingMessage, res: ServerResponse) => {
      let body = '';
      for await (const piece of req) {
        body += piece;
      }

      const query = new URLSearchParams(body).get('query') ?? '';
      this.#queries.push(query);
      this.answer(query, res, req);
    });
  }

  static async start(): Promise<FakePrometheus> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');

    return new FakePrometheus(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  }

  /** Returns the queries since the last call. */
  asked(): string[] {
    const queries = this.#queries;
    this.#queries = [];
    return queries;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
