import type { IncomingMessage } from 'node:http';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole, type KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import FindMyWay, { type HTTPMethod } from 'find-my-way';
import type { Validator } from 'typebox/compile';
import { COMPRESSION_THRESHOLD, codingFor, encoded } from '../response/compression.ts';
import { isNotModified } from '../response/conditional.ts';
import { sendError, sendText } from '../response/error-responder.ts';
import type { Pending } from '../response/pending.ts';
import { writeKubeResponse } from '../response/respond.ts';
import { isStream, sendStream } from '../response/stream.ts';
import type { Exchange, Filter, Incoming } from '../server/exchange.ts';
import { BODY_LIMIT, decodeBody, hasBody, mediaType, SMALL_BODY_LIMIT } from './body.ts';
import {
  type Route,
  RouteReply,
  type RouteRequest,
  RouteStream,
  type UpgradeRequest,
} from './route.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const JSON_TYPE = 'application/json';

/** Path prefixes below which unknown paths are answered in the words of KubeSphere's own router. */
const OWN = /^\/(kapis|oauth)(\/|$)/;

interface Compiled {
  route: Route;
  /** Name of the parameter that takes the rest of the path. */
  rest: string | undefined;
  /** Compiled when the first body comes: loading the compiler takes a tenth of a second. */
  check?: Promise<Validator>;
}

function checkOf(compiled: Compiled): Promise<Validator> | undefined {
  const { body } = compiled.route;
  if (body) {
    compiled.check ??= import('typebox/compile').then(({ Compile }) => Compile(body));
  }

  return compiled.check;
}

/** Fails routing or content negotiation: KubeSphere answers these with a bare line. */
class RoutingError extends StatusError {
  constructor(code: number, text: string) {
    super(code, '', `${code}: ${text}`);
  }
}

const REST = /\{([^}:]+):\*\}$/;

/** Returns the name of a route's parameter that takes the rest of the path; undefined without one. */
function restName({ path }: Route): string | undefined {
  return REST.exec(path)?.[1];
}

/** Converts `/a/{b}/{c:*}` to the router's `/a/:b/*`. */
function pattern(path: string): string {
  return path.replace(REST, '*').replace(/\{([^}]+)\}/g, ':$1');
}

/** Gives the rest of the path, which the router calls `*`, the name that it has in the route. */
function namedParams({ rest: name }: Compiled, found: Record<string, string | undefined>) {
  if (name === undefined) {
    return found as Record<string, string>;
  }

  const { '*': rest = '', ...params } = found;
  return { ...params, [name]: rest } as Record<string, string>;
}

function accepts(header: string | undefined, produced: readonly string[]): boolean {
  if (!header || header === '*/*' || produced.includes('*/*')) {
    return true;
  }

  return header.split(',').some((item) => {
    const [type = ''] = item.toLowerCase().split(';', 1);
    return type.trim() === '*/*' || produced.includes(type.trim());
  });
}

function negotiate(req: IncomingMessage, route: Route): void {
  if (!accepts(req.headers.accept, route.produces ?? [JSON_TYPE])) {
    throw new RoutingError(406, 'Not Acceptable');
  }
  if (route.bodyOptional && !hasBody(req)) {
    return;
  }

  if (route.consumes && !route.consumes.includes(mediaType(req))) {
    throw hasBody(req)
      ? new RoutingError(415, 'Unsupported Media Type')
      : new RoutingError(406, 'Not Acceptable');
  }
}

/** Anybody may call what is below /oauth: bodies are kept small there. */
function bodyLimitOf({ bodyLimit, path }: Route): number {
  return bodyLimit ?? (path.startsWith('/oauth/') ? SMALL_BODY_LIMIT : BODY_LIMIT);
}

/** Says where the first problem of a body is, in words for its sender. */
function problemOf(check: Validator, body: unknown): string {
  const [error] = check.Errors(body);
  const path = error?.instancePath.replaceAll('/', '.').replace(/^\./, '') ?? '';
  return `the body is not valid${path ? ` at ${path}` : ''}: ${error?.message ?? 'unknown reason'}`;
}

/**
 * Throws BadRequest for a dryRun value that Kubernetes does not know: a write that should only be
 * tried must not be made.
 */
function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  if (values.some((value) => value !== 'All')) {
    throw new StatusError(400, 'BadRequest', 'dryRun: the one value is All');
  }

  return values.length > 0;
}

/** A call as handlers see it; properties that few handlers read are computed when they are read. */
class Call implements RouteRequest {
  readonly method: string;
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly user: RouteRequest['user'];
  readonly info: RouteRequest['info'];
  readonly sourceIP: string;
  readonly body: unknown;
  readonly dryRun: boolean;
  readonly #exchange: Exchange;
  #query: URLSearchParams | undefined;

  constructor(exchange: Exchange, route: Route, params: Record<string, string>, body: unknown) {
    const { req, url } = exchange;

    this.method = req.method ?? 'GET';
    this.url = url;
    this.params = params;
    this.headers = req.headers;
    this.user = exchange.user;
    this.info = exchange.info;
    this.sourceIP = exchange.sourceIP;
    this.body = body;
    this.dryRun = route.method !== 'GET' && isDryRun(this.query);
    this.#exchange = exchange;
  }

  get query(): URLSearchParams {
    if (!this.#query) {
      const mark = this.url.indexOf('?');
      this.#query = new URLSearchParams(mark < 0 ? '' : this.url.slice(mark + 1));
    }

    return this.#query;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }
}

function send(exchange: Exchange, value: unknown, produces: string): Pending {
  const { req, res } = exchange;

  if (value instanceof RouteStream) {
    value.open(exchange);
    return;
  }

  if (value instanceof RouteReply) {
    const { body, headers } = value;
    const { etag } = headers;
    if (typeof etag === 'string' && isNotModified(req.headers['if-none-match'], etag)) {
      const { 'content-length': _length, 'content-type': _type, ...kept } = headers;

      res.writeHead(304, kept).end();

      return;
    }

    const response = inCoding(req, value);

    return isStream(body) ? sendStream(exchange, response) : writeKubeResponse(res, response);
  }

  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const length = Buffer.byteLength(text);
  if (codingFor(req.headers['accept-encoding'], length) !== 'identity') {
    return send(exchange, new RouteReply(200, { 'content-type': produces }, text), produces);
  }

  res.writeHead(200, {
    'content-type': produces,
    'x-content-type-options': 'nosniff',
    'content-length': length,
  });
  res.end(text);
}

/**
 * Returns an answer in the coding that its caller prefers; 406 when they accept none that there is.
 */
function inCoding({ headers: asked }: IncomingMessage, response: KubeResponse): KubeResponse {
  const accepted = asked['accept-encoding'];
  const { body, headers } = response;

  if (accepted === undefined || headers['content-encoding'] !== undefined) {
    return response;
  }

  const size = isWhole(body) ? body.byteLength : Number(headers['content-length'] ?? 0);
  const coding = size === 0 ? 'identity' : codingFor(accepted, size);
  if (coding === undefined) {
    throw new RoutingError(406, 'Not Acceptable');
  }

  const vary = { vary: headers.vary ?? 'Accept-Encoding' };

  if (coding === 'identity') {
    return size < COMPRESSION_THRESHOLD
      ? response
      : { ...response, headers: { ...headers, ...vary } };
  }

  const { 'content-length': _length, ...kept } = headers;

  return {
    ...response,
    headers: { ...kept, ...vary, 'content-encoding': coding },
    body: encoded(body, coding),
  };
}

/** Finds a value of a route by method and path. Throws when two routes share both. */
function finderOf(routes: readonly Route[], keptOf: (route: Route) => unknown) {
  const finder = FindMyWay({ ignoreTrailingSlash: true, maxParamLength: 512 });

  for (const route of routes) {
    finder.on(route.method, pattern(route.path), () => {}, keptOf(route));
  }

  return finder;
}

/**
 * Serves the routes of the tables; the last filter of the chain. Throws at start when two routes
 * share method and path.
 */
export function router(
  routes: readonly Route[],
  onError: (exchange: Exchange, error: StatusError) => void,
): Filter {
  const finder = finderOf(routes, (route): Compiled => ({ route, rest: restName(route) }));

  const answer = (
    exchange: Exchange,
    route: Route,
    params: Record<string, string>,
    body: unknown,
  ): Pending => {
    const value = route.handler(new Call(exchange, route, params, body));
    const produces = route.produces?.[0] ?? JSON_TYPE;

    if (value instanceof Promise) {
      return value.then((result) => send(exchange, result, produces));
    }

    return send(exchange, value, produces);
  };

  const answerBody = async (
    exchange: Exchange,
    compiled: Compiled,
    params: Record<string, string>,
  ) => {
    const { req } = exchange;
    const { route } = compiled;
    let body: unknown;

    try {
      if (!route.bodyOptional || hasBody(req)) {
        body = await decodeBody(req, route.consumes, bodyLimitOf(route));
      }

      const check = await checkOf(compiled);
      if (check && !check.Check(body)) {
        throw new StatusError(400, 'BadRequest', problemOf(check, body));
      }
    } catch (error) {
      if (!route.badBody || !(error instanceof StatusError)) {
        throw error;
      }
      return send(exchange, route.badBody, JSON_TYPE);
    }

    return answer(exchange, route, params, body);
  };

  const serve = (
    exchange: Exchange,
    compiled: Compiled,
    params: Record<string, string>,
  ): Pending => {
    const { route } = compiled;
    negotiate(exchange.req, route);

    if (route.rawBody) {
      const { req } = exchange;
      return answer(exchange, route, params, hasBody(req) ? req : undefined);
    }

    const takesBody = route.body !== undefined || route.consumes !== undefined;

    return takesBody
      ? answerBody(exchange, compiled, params)
      : answer(exchange, route, params, undefined);
  };

  return (exchange) => {
    const method = (exchange.req.method ?? 'GET') as HTTPMethod;
    const mark = exchange.url.indexOf('?');
    const path = mark < 0 ? exchange.url : exchange.url.slice(0, mark);
    const found = finder.find(method, path);
    if (!found) {
      if (METHODS.some((other) => finder.find(other, path))) {
        return void sendText(exchange.res, 405, '405: Method Not Allowed');
      }

      return void sendText(
        exchange.res,
        404,
        OWN.test(path) ? '404: Page Not Found' : '404 page not found\n',
      );
    }

    const compiled = found.store as Compiled;

    const failed = (error: unknown) => {
      const style = error instanceof RoutingError ? 'bare' : compiled.route.errors;
      onError(exchange, sendError(exchange.res, error, style ?? 'text'));
    };

    try {
      return serve(exchange, compiled, namedParams(compiled, found.params))?.catch(failed);
    } catch (error) {
      return failed(error);
    }
  };
}

/** Finds the route that serves a path; undefined when there is none. */
export function routeFinder(
  routes: readonly Route[],
): (method: string, path: string) => Route | undefined {
  const finder = finderOf(routes, (route) => route);
  return (method, path) => finder.find(method as HTTPMethod, path)?.store as Route | undefined;
}

/** Serves protocol upgrades of the routes that take them. Throws BadRequest for other paths. */
export function upgradeRouter(
  routes: readonly Route[],
): (
  incoming: Incoming,
  connection: Pick<UpgradeRequest, 'socket' | 'head' | 'follow'>,
) => Promise<void> {
  const taking = routes.filter(({ upgrade }) => upgrade !== undefined);
  const finder = finderOf(taking, ({ upgrade }) => upgrade);

  return async (incoming, connection) => {
    const [path = '', ...query] = incoming.url.split('?');
    const found = finder.find((incoming.req.method ?? 'GET') as HTTPMethod, path);
    if (!found) {
      throw badRequest('this path takes no protocol upgrade');
    }

    const upgrade = found.store as NonNullable<Route['upgrade']>;
    await upgrade({
      ...connection,
      incoming,
      params: found.params as Record<string, string>,
      query: new URLSearchParams(query.join('?')),
    });
  };
}
