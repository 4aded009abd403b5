import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';

/** A fault of one call on its way to a real API and back. */
export interface Fault {
  /** Answer that is sent without asking the API. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Path and query to request instead. */
  url?: string;
  /** Changes the whole body of the API's answer. */
  alter?: (body: string) => string;
  /** Changes each line of a watch; undefined ends the connection in the middle of the line. */
  alterLine?: (line: string) => string | undefined;
}

/** A call for which a fault is chosen. */
export interface ProxiedCall {
  path: string;
  query: URLSearchParams;
  isWatch: boolean;
  accept: string;
}

/** A proxy in front of a real Kubernetes API that injects the faults of networks and servers. */
export class FaultyProxy {
  /** Chooses the fault of a call; none by default. */
  fault: (call: ProxiedCall) => Fault | undefined = () => undefined;
  readonly asked: string[] = [];
  readonly #server: http.Server;
  readonly #port: number;

  readonly #target: Promise<{
    url: string;
    tls: https.RequestOptions;
    headers: Record<string, string>;
  }>;

  private constructor(server: http.Server, port: number, kubeconfig: string) {
    this.#server = server;
    this.#port = port;
    this.#target = this.#read(kubeconfig);
    server.on('request', (req, res) => void this.#handle(req, res).catch(() => res.destroy()));
  }

  /** Listens on a free port in front of the API of an administrator's kubeconfig. */
  static async start(kubeconfig: string): Promise<FaultyProxy> {
    const server = http.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyProxy(server, (server.address() as AddressInfo).port, kubeconfig);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #read(kubeconfig: string) {
    const { server, ca, cert, key, token } = await loadKubeconfig(kubeconfig);
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    return { url: server, tls: { ca, cert, key } as https.RequestOptions, headers };
  }

  /** Ends all connections and refuses new ones. */
  async down(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();

    if (this.#server.listening) {
      await once(this.#server, 'close');
    }
  }

  /** Listens again on the same port. */
  async up(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Ends open connections; new ones are accepted. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async #handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(req.url!, 'http://x');
    const isWatch = query.has('watch');

    this.asked.push(`${isWatch ? 'watch' : req.method} ${path}`);

    const fault =
      this.fault({ path, query, isWatch, accept: String(req.headers.accept ?? '') }) ?? {};
    if (fault.status !== undefined) {
      res
        .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        .end(fault.body);
      return;
    }

    const { url, tls, headers: credentials } = await this.#target;

    // Like Kubernetes' own servers, this answers a request for an upgrade without one if it serves
    // none.
    const { connection: _connection, upgrade: _upgrade, ...sent } = req.headers;
    const headers = { ...sent, ...credentials, ...fault.headers };

    const upstream = https.request(url + (fault.url ?? req.url), {
      ...tls,
      method: req.method!,
      headers,
      agent: false,
    });

    upstream.on('error', () => res.destroy());
    res.on('close', () => upstream.destroy());
    req.pipe(upstream);

    const [answer] = (await once(upstream, 'response')) as [http.IncomingMessage];
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...kept } = answer.headers;

    res.writeHead(answer.statusCode!, kept);

    if (fault.alter) {
      let body = '';

      for await (const chunk of answer.setEncoding('utf8')) {
        body += chunk;
      }

      res.end(fault.alter(body));
    } else if (fault.alterLine) {
      await alterLines(answer, res, fault.alterLine);
    } else {
      res.flushHeaders();
      answer.pipe(res);
    }
  }

  async stop(): Promise<void> {
    await this.down();
  }
}

async function alterLines(
  answer: http.IncomingMessage,
  res: http.ServerResponse,
  alter: (line: string) => string | undefined,
): Promise<void> {
  res.flushHeaders();

  let rest = '';

  for await (const chunk of answer.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;

    for (const line of lines) {
      const altered = alter(line);
      if (altered === undefined) {
        res.write(line.slice(0, line.length / 2), () => res.destroy());
        return;
      }

      res.write(`${altered}\n`);
    }
  }

  res.end(rest);
}
