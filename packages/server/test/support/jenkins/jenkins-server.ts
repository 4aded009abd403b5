import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentialRoutes } from './credentials.ts';
import {
  type JenkinsAnswer,
  type JenkinsRequest,
  type JenkinsRoute,
  json,
  page,
} from './exchange.ts';
import { JenkinsFailures } from './failures.ts';
import { itemRoutes } from './items.ts';
import { roleRoutes } from './roles.ts';
import { crumbOf, JenkinsState } from './state.ts';

/** Name and password of the stub's administrator. */
export const JENKINS_ADMIN = { username: 'jenkins-admin', password: 'jenkins-admin-password' };

/** How the stub of Jenkins behaves. */
export interface JenkinsOptions {
  /** Knows users other than the administrator; none by default. */
  authenticate?: (username: string, password: string) => boolean;
  /** Further routes, which are tried first. */
  routes?: readonly JenkinsRoute[];
  /** Whether calls that change something need a crumb; they do by default. */
  needsCrumb?: boolean;
}

/**
 * A Jenkins for tests, over HTTP: it keeps folders, jobs, credentials and global roles, asks for
 * passwords and crumbs, and fails as tests order it to.
 */
export class JenkinsServer {
  readonly state = new JenkinsState();
  readonly failures = new JenkinsFailures();
  /** The calls that have arrived, also those that were refused or failed. */
  readonly calls: JenkinsRequest[] = [];
  /** The answers that have been sent, with the calls they belong to. */
  readonly answers: { request: JenkinsRequest; status: number }[] = [];
  readonly #server: http.Server;
  readonly #routes: readonly JenkinsRoute[];
  readonly #options: JenkinsOptions;
  readonly #port: number;

  private constructor(server: http.Server, port: number, options: JenkinsOptions) {
    this.#server = server;
    this.#port = port;
    this.#options = options;
    this.#routes = [...(options.routes ?? []), ...itemRoutes, ...credentialRoutes, ...roleRoutes];
    server.on('request', (req, res) => void this.#handle(req, res).catch(() => res.destroy()));
  }

  /** Listens on a free port. */
  static async start(options: JenkinsOptions = {}): Promise<JenkinsServer> {
    const server = http.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new JenkinsServer(server, (server.address() as AddressInfo).port, options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The calls that have arrived and may change something. */
  get writes(): JenkinsRequest[] {
    return this.calls.filter(({ method }) => method !== 'GET');
  }

  /** Ends all connections and refuses new ones. */
  async down(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens again on the same port. */
  async up(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Ends the stub, also one that is down. */
  async stop(): Promise<void> {
    if (this.#server.listening) {
      await this.down();
    }
  }

  async #handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const request = await this.#read(req);
    this.calls.push(request);

    const failure = this.failures.next(request);
    if (failure?.delayMs !== undefined) {
      await sleep(failure.delayMs);
    }
    if (failure?.drop === 'before') {
      res.destroy();
      return;
    }

    const answer =
      failure?.status === undefined
        ? await this.#answer(request)
        : {
            ...page(failure.status, 'Ordered failure'),
            ...(failure.body !== undefined && { body: failure.body }),
            ...(failure.headers && { headers: failure.headers }),
          };

    if (failure?.drop === 'after') {
      res.destroy();
      return;
    }

    this.answers.push({ request, status: answer.status });
    res.writeHead(answer.status, { 'x-jenkins': '2.249.1', ...answer.headers }).end(answer.body);
  }

  async #read(req: http.IncomingMessage): Promise<JenkinsRequest> {
    const chunks: Buffer[] = [];

    for await (const chunk of req) {
      chunks.push(chunk);
    }

    const [path = '', rawQuery = ''] = (req.url ?? '').split(/\?(.*)/s);

    return {
      method: req.method ?? '',
      path,
      rawQuery,
      query: new URLSearchParams(rawQuery),
      headers: Object.fromEntries(
        Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: Buffer.concat(chunks).toString(),
      user: this.#userOf(req.headers.authorization ?? ''),
    };
  }

  #userOf(authorization: string): string {
    const [, encoded] = /^Basic (\S+)$/.exec(authorization) ?? [];
    if (encoded === undefined) {
      return '';
    }

    const [name = '', password = ''] = Buffer.from(encoded, 'base64').toString().split(/:(.*)/s);
    const isAdmin = name === JENKINS_ADMIN.username && password === JENKINS_ADMIN.password;

    return isAdmin || this.#options.authenticate?.(name, password) ? name : '';
  }

  async #answer(request: JenkinsRequest): Promise<JenkinsAnswer> {
    for (const route of this.#routes) {
      const groups = route.method === request.method ? route.path.exec(request.path) : null;
      if (groups) {
        const decoded = groups.slice(1).map((group) => decodeURIComponent(group ?? ''));
        return this.#refusal(request, route) ?? route.answer(request, this.state, decoded);
      }
    }

    return request.path.startsWith('/blue/')
      ? json({ message: 'no such thing', code: 404, errors: [] }, 404)
      : page(404, 'Not Found');
  }

  #refusal(request: JenkinsRequest, route: JenkinsRoute): JenkinsAnswer | undefined {
    if (route.isPublic) {
      return undefined;
    }
    if (request.user === '') {
      return page(
        request.headers.authorization === undefined ? 403 : 401,
        'Authentication required',
      );
    }
    if (
      request.method !== 'GET' &&
      this.#options.needsCrumb !== false &&
      !this.#hasCrumb(request)
    ) {
      return page(403, 'No valid crumb was included in the request');
    }

    return undefined;
  }

  #hasCrumb({ headers }: JenkinsRequest): boolean {
    const [, session = ''] = /JSESSIONID=([^;]+)/.exec(headers.cookie ?? '') ?? [];
    return this.state.sessions.has(session) && headers['jenkins-crumb'] === crumbOf(session);
  }
}
