import type { IncomingMessage } from 'node:http';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import FindMyWay, { type HTTPMethod } from 'find-my-way';
import type { Validator } from 'typebox/compile';
import { sendError, sendText } from '../http/error-responder.ts';
import type { Exchange, Filter } from '../http/exchange.ts';
import { writeKubeResponse } from '../http/respond.ts';
import { decodeBody, hasBody, mediaType } from './body.ts';
import { type Route, RouteReply } from './route.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const JSON_TYPE = 'application/json';
/** Path prefixes whose unknown paths answer in the words of KubeSphere's own router. */
const OWN = /^\/(kapis|oauth)(\/|$)/;

interface Compiled {
  route: Route;
  /** Made when the first body comes: the compiler alone takes a tenth of a second to load. */
  check?: Promise<Validator>;
}

function checkOf(compiled: Compiled): Promise<Validator> | undefined {
  const { body } = compiled.route;
  if (body) compiled.check ??= import('typebox/compile').then(({ Compile }) => Compile(body));
  return compiled.check;
}

/** A failed routing or negotiation: KubeSphere answers these with a bare line. */
class RoutingError extends StatusError {
  constructor(code: number, text: string) {
    super(code, '', `${code}: ${text}`);
  }
}

/** `/a/{b}/c` as the router's `/a/:b/c`. */
function pattern(path: string): string {
  return path.replace(/\{([^}]+)\}/g, ':$1');
}

function accepts(header: string | undefined, produced: readonly string[]): boolean {
  if (!header) return true;
  return header.split(',').some((item) => {
    const type = item.split(';')[0]!.trim().toLowerCase();
    return type === '*/*' || produced.includes(type);
  });
}

function negotiate(req: IncomingMessage, route: Route): void {
  if (!accepts(req.headers.accept, route.produces ?? [JSON_TYPE])) throw new RoutingError(406, 'Not Acceptable');
  if (route.bodyOptional && !hasBody(req)) return;
  if (route.consumes && !route.consumes.includes(mediaType(req))) {
    throw hasBody(req) ? new RoutingError(415, 'Unsupported Media Type') : new RoutingError(406, 'Not Acceptable');
  }
}

/** Where the first problem of a body is, in words for its sender. */
function problemOf(check: Validator, body: unknown): string {
  const [error] = check.Errors(body);
  const path = error?.instancePath.replaceAll('/', '.').replace(/^\./, '') ?? '';
  return `the body is not valid${path ? ` at ${path}` : ''}: ${error?.message ?? 'unknown reason'}`;
}

/** Throws BadRequest for a value that Kubernetes does not know: a write that was meant to be tried only is not made. */
function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  if (values.some((value) => value !== 'All')) throw new StatusError(400, 'BadRequest', 'dryRun: the one value is All');
  return values.length > 0;
}

async function send(exchange: Exchange, value: unknown, produces: string): Promise<void> {
  const { res } = exchange;
  if (value instanceof RouteReply) {
    const body = typeof value.body === 'string' ? Buffer.from(value.body) : (value.body ?? new Uint8Array());
    await writeKubeResponse(res, {
      status: value.status,
      headers: { 'x-content-type-options': 'nosniff', ...value.headers },
      body,
    });
    return;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  res.writeHead(200, {
    'content-type': produces,
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  res.end(text);
}

/** Serves the rows of the route tables; the last filter of the chain. Throws at start when two rows share method and path. */
export function router(routes: readonly Route[], onError: (exchange: Exchange, error: StatusError) => void): Filter {
  const finder = FindMyWay({ ignoreTrailingSlash: true, maxParamLength: 512 });
  for (const route of routes) {
    const compiled: Compiled = { route };
    finder.on(route.method, pattern(route.path), () => {}, compiled);
  }

  const serve = async (exchange: Exchange, compiled: Compiled, params: Record<string, string>) => {
    const { req } = exchange;
    const { route } = compiled;
    negotiate(req, route);
    const described = route.body !== undefined || route.consumes !== undefined;
    const takesBody = described && !(route.bodyOptional && !hasBody(req));
    let body: unknown;
    try {
      if (takesBody) body = await decodeBody(req, route.consumes);
      const check = await checkOf(compiled);
      if (check && !check.Check(body)) throw new StatusError(400, 'BadRequest', problemOf(check, body));
    } catch (error) {
      if (!route.badBody || !(error instanceof StatusError)) throw error;
      return send(exchange, route.badBody, JSON_TYPE);
    }
    const mark = exchange.url.indexOf('?');
    const query = new URLSearchParams(mark < 0 ? '' : exchange.url.slice(mark + 1));
    const value = await route.handler({
      method: req.method ?? 'GET',
      url: exchange.url,
      params,
      query,
      headers: req.headers,
      user: exchange.user,
      info: exchange.info,
      sourceIP: exchange.sourceIP,
      body,
      dryRun: route.method !== 'GET' && isDryRun(query),
      signal: exchange.signal,
    });
    await send(exchange, value, route.produces?.[0] ?? JSON_TYPE);
  };

  return async (exchange) => {
    const method = (exchange.req.method ?? 'GET') as HTTPMethod;
    const path = exchange.url.split('?', 1)[0]!;
    const found = finder.find(method, path);
    if (!found) {
      if (METHODS.some((other) => finder.find(other, path)))
        return void sendText(exchange.res, 405, '405: Method Not Allowed');
      return void sendText(exchange.res, 404, OWN.test(path) ? '404: Page Not Found' : '404 page not found\n');
    }
    const compiled = found.store as Compiled;
    try {
      await serve(exchange, compiled, found.params as Record<string, string>);
    } catch (error) {
      const style = error instanceof RoutingError ? 'bare' : compiled.route.errors;
      onError(exchange, sendError(exchange.res, error, style ?? 'text'));
    }
  };
}
