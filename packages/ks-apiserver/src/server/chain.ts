import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { sendError, sendText } from '@ks-apiserver/apiserver/http/error-responder';
import type { Exchange, Filter } from '@ks-apiserver/apiserver/http/exchange';
import { endToEndHeaders, kubeRequestFrom } from '@ks-apiserver/apiserver/http/kube-request';
import { parseRequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import { writeKubeResponse } from '@ks-apiserver/apiserver/http/respond';
import { isWhole, type KubeBody, type KubeRequest, type KubeTransport } from '@ks-apiserver/client/kube/transport';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import type { Authenticator } from '../models/iam/authenticate.ts';

/** What the filters of the chain work with. */
export interface ChainParts {
  authenticator: Authenticator;
  authorizer: Authorizer;
  kubernetes: KubeTransport;
  router: Filter;
  /** Aborted when the server stops: watches then end like ones that timed out. */
  stopping: AbortSignal;
}

/** Headers by which a caller could act as somebody else at the Kubernetes API, or hand on his own credentials. */
const NEVER_PROXIED = /^(authorization|cookie|x-kubesphere-.*|impersonate-.*|x-remote-.*)$/;

/** Answers failures of the chain itself as a Kubernetes Status, as 3.0 does. */
const failures: Filter = async (exchange, next) => {
  try {
    await next();
  } catch (error) {
    sendError(exchange.res, error, 'status');
  }
};

/** Reads method and URL; doubled slashes count as one. Also the fix-ups that member clusters and old consoles rely on. */
const requestInfo: Filter = async (exchange, next) => {
  const { req } = exchange;
  const { headers } = req;
  if (!headers.authorization && headers['x-kubesphere-authorization']) {
    headers.authorization = String(headers['x-kubesphere-authorization']);
    delete headers['x-kubesphere-authorization'];
  }
  const [path = '/', ...rest] = exchange.url.split('?');
  if (!path.startsWith('/')) throw badRequest('the request target must be a path');
  const query = rest.join('?').replace(/(^|&)dryrun=/, '$1dryRun=');
  exchange.url = path.replace(/\/{2,}/g, '/') + (query === '' ? '' : `?${query}`);
  exchange.info = parseRequestInfo(req.method ?? 'GET', exchange.url);
  await next();
};

/** Finds out who calls. A wrong credential is refused also where none is needed. */
function authentication({ authenticator }: ChainParts): Filter {
  return async (exchange, next) => {
    const { req, info } = exchange;
    exchange.user = await authenticator.authenticate(req.headers.authorization, {
      sourceIP: exchange.sourceIP,
      userAgent: String(req.headers['user-agent'] ?? ''),
      recordSuccess: info.path.startsWith('/oauth/authorize'),
    });
    await next();
  };
}

/** Denies whatever no rule, role or public path allows. */
function authorization({ authorizer }: ChainParts): Filter {
  return async (exchange, next) => {
    authorizer.authorize(exchange.user, exchange.info);
    await next();
  };
}

/** The call as it goes to the Kubernetes API: with this server's identity, without the caller's credentials. */
function proxied(exchange: Exchange, headers: Record<string, string>): KubeRequest {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !NEVER_PROXIED.test(name)));
  return { ...kubeRequestFrom(exchange.req, exchange.signal), url: exchange.url, headers: kept };
}

/** The pieces of a body until `signal` ends it, without an error for the reader. */
async function* until(signal: AbortSignal, body: KubeBody): AsyncGenerator<Uint8Array> {
  if (isWhole(body)) return void (yield body);
  const iterator = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  const stopped = new Promise<IteratorResult<Uint8Array>>((resolve) => {
    const stop = () => resolve({ done: true, value: undefined });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), stopped]);
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Hands `/api` and `/apis` to the Kubernetes API, streaming both ways. */
function kubernetesProxy({ kubernetes, stopping }: ChainParts): Filter {
  return async (exchange, next) => {
    const { info, req, res } = exchange;
    // 3.0 takes what is too short to name a group and version for none of Kubernetes' paths.
    if (!info.isKubernetes) return next();
    let response: Awaited<ReturnType<KubeTransport['request']>>;
    try {
      response = await kubernetes.request(proxied(exchange, endToEndHeaders(req)));
    } catch (error) {
      if (exchange.signal.aborted) return void res.destroy();
      if (error instanceof StatusError && error.code === 503) return void sendText(res, 502, `${error.message}\n`);
      throw error;
    }
    const body = info.verb === 'watch' ? until(stopping, response.body) : response.body;
    await writeKubeResponse(res, { ...response, body });
  };
}

/** The way of every call, outermost first. Cluster dispatch comes after authentication, auditing after authorization. */
export function chain(parts: ChainParts): readonly Filter[] {
  return [failures, requestInfo, authentication(parts), authorization(parts), kubernetesProxy(parts), parts.router];
}

/** The same way for protocol upgrades, which end at the Kubernetes API. */
export function upgradeChain(
  parts: ChainParts,
  hand: (exchange: Exchange, request: KubeRequest) => void,
): readonly Filter[] {
  const upgrade: Filter = async (exchange) => {
    if (!exchange.info.isKubernetes) throw badRequest('this path takes no protocol upgrade');
    const headers = { ...endToEndHeaders(exchange.req), upgrade: String(exchange.req.headers.upgrade ?? '') };
    hand(exchange, proxied(exchange, headers));
  };
  return [requestInfo, authentication(parts), authorization(parts), upgrade];
}
