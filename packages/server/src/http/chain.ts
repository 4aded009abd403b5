import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { headerNames } from '@ks-apiserver/apimachinery/transport/header-names';
import {
  isWhole,
  type KubeBody,
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
  type UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import { type BodyBudgets, countedBody } from '@ks-apiserver/http/request/body-budgets';
import { endToEndHeaders, kubeRequestFrom } from '@ks-apiserver/http/request/kube-request';
import { hasBody } from '@ks-apiserver/http/request/request-body';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { sendError, sendText } from '@ks-apiserver/http/response/error-responder';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import { BODY_LIMIT, readRequestBody } from '@ks-apiserver/http/routes/body';
import type { routeFinder, upgradeRouter } from '@ks-apiserver/http/routes/router';
import type { Exchange, Filter, Incoming, Pending } from '@ks-apiserver/http/server/exchange';
import { checkUpgrade } from '@ks-apiserver/http/server/upgrade';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import { checkApiToken } from '../models/authorization/restrictions/api-tokens.ts';
import { checkFirstPassword } from '../models/authorization/restrictions/first-password.ts';
import type { Gate } from '../models/gate/gate.ts';
import type { Authenticator } from '../models/iam/login/authenticate.ts';
import type {
  LegacyCall,
  LegacyCallParts,
  Send,
} from '../models/legacy-versions/calls/legacy-call.ts';
import { asksForDiscovery } from '../models/legacy-versions/discovery/legacy-discovery.ts';
import type { LegacyVersions } from '../models/legacy-versions/legacy-versions.ts';
import type { Connections } from './connections.ts';
import { landingPage } from './landing-page.ts';
import type { LongCalls } from './long-calls.ts';
import { checkOrigin } from './origin.ts';

/** What the filters of the chain work with. */
export interface ChainParts {
  kubernetes: KubeTransport;
  /** Makes the calls to the Kubernetes API. */
  gate: Gate;
  authenticator: Authenticator;
  authorizer: Authorizer;
  router: Filter;
  /** Serves protocol upgrades of this server's own routes. */
  upgrade: ReturnType<typeof upgradeRouter>;
  /** Finds the row that serves a path. */
  routeOf: ReturnType<typeof routeFinder>;
  /** Paths of routes that look at the Authorization header themselves. */
  authenticating: ReadonlySet<string>;
  /** Origins of pages elsewhere that may open WebSockets. */
  webSocketOrigins: readonly string[];
  /** Calls under way: ended when the server stops or their session does. */
  connections: Connections;
  /** Calls that go on for long, by user. */
  longCalls: LongCalls;
  /** Bodies that are in memory. */
  bodies: BodyBudgets;
  /**
   * Older versions of Kubernetes' kinds that are served here; undefined where that is turned off.
   */
  legacyVersions: LegacyVersions | undefined;
  /** Schemas of Kubernetes' kinds. */
  schemaOf: LegacyCallParts['schemaOf'];
}

/**
 * Headers by which a caller could act as somebody else at the Kubernetes API, or hand on his own
 * credentials.
 */
const NEVER_PROXIED = headerNames(
  /^(authorization|cookie|x-kubesphere-.*|impersonate-.*|x-remote-.*)$/,
);

/** Answers failures of the chain itself as a Kubernetes Status, as 3.0 does. */
const failures: Filter = (exchange, next) => {
  const failed = (error: unknown) => void sendError(exchange.res, error, 'status');

  try {
    return next()?.catch(failed);
  } catch (error) {
    return failed(error);
  }
};

/**
 * Reads method and URL; doubled slashes count as one. Also the fix-ups that member clusters and old
 * consoles rely on.
 */
const requestInfo: Filter<Incoming> = (exchange, next) => {
  const { req } = exchange;
  const { headers } = req;
  if (!headers.authorization && headers['x-kubesphere-authorization']) {
    headers.authorization = String(headers['x-kubesphere-authorization']);
    delete headers['x-kubesphere-authorization'];
  }

  const { url } = exchange;
  if (!url.startsWith('/')) {
    throw badRequest('the request target must be a path');
  }

  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark).replace(/([?&])dryrun=/, '$1dryRun=');

  exchange.url =
    (path.includes('//') ? path.replace(/\/{2,}/g, '/') : path) + (query === '?' ? '' : query);
  exchange.info = parseRequestInfo(req.method ?? 'GET', exchange.url);

  return next();
};

const VISIBLE = /[?&]scope=visible(&|$)/;

/** Marks lists that show no more than what their caller may see: everybody may ask for those. */
function narrowing({ routeOf }: ChainParts): Filter<Incoming> {
  return (exchange, next) => {
    if (VISIBLE.test(exchange.url)) {
      const route = routeOf(exchange.req.method ?? 'GET', exchange.url.split('?', 1)[0]!);
      exchange.info.visibleOnly = route?.narrows === true;
    }

    return next();
  };
}

/**
 * Finds out who calls. A wrong credential is refused also where none is needed, but for routes that
 * look at it themselves: at the token endpoint it is a client's secret, or what 3.0's console sends
 * with a refresh token.
 */
function authentication({ authenticator, authenticating }: ChainParts): Filter<Incoming> {
  return (exchange, next) => {
    const { req, info } = exchange;
    if (authenticating.has(info.path.replace(/\/$/, ''))) {
      return next();
    }

    const caller = authenticator.authenticate(req.headers.authorization, {
      sourceIP: exchange.sourceIP,
      userAgent: String(req.headers['user-agent'] ?? ''),
      recordSuccess: info.path.startsWith('/oauth/authorize'),
    });

    const go = (user: UserInfo) => {
      exchange.user = user;
      return next();
    };

    return caller instanceof Promise ? caller.then(go) : go(caller);
  };
}

/** Counts bodies that come for who sends them: they are held in memory until they are answered. */
function bodyBudgets({ bodies }: ChainParts): Filter {
  return ({ req, res, user }, next) => {
    if (hasBody(req)) {
      bodies.open(req, res, user);
    }
    return next();
  };
}

/** Throws Forbidden unless a user may make a call. */
function authorize({ authorizer }: ChainParts, user: UserInfo, info: RequestInfo): Pending {
  checkFirstPassword(user, info);
  checkApiToken(user, info);

  return authorizer.authorizeCall(user, info);
}

/** Denies whatever no rule, role or public path allows. */
function authorization(parts: ChainParts): Filter<Incoming> {
  return (exchange, next) => {
    const pending = authorize(parts, exchange.user, exchange.info);
    return pending ? pending.then(next) : next();
  };
}

/**
 * Calls that are about an older version of a kind, as they are made in the version that is served.
 */
const legacyCalls = new WeakMap<Incoming, LegacyCall>();

/**
 * Tells whether a call is about routes by a role that every project has. These roles are KubeSphere
 * 3.0's: they name routes by the group that clusters of its time had them in, `extensions`, which
 * held no other kind there any more.
 */
function isAboutRoutesBy3x({ authorizer }: ChainParts, { user, info }: Incoming): boolean {
  const isRoute = info.group === 'extensions' && info.resource === 'ingresses';

  return isRoute && authorizer.byRoleOfEveryProject(user, info);
}

/**
 * Finds calls about older versions of Kubernetes' kinds: who makes one must be allowed to make it
 * in the served version too.
 */
function legacyVersions(parts: ChainParts): Filter<Incoming> {
  const find = async (exchange: Incoming, found: Promise<LegacyCall | undefined>) => {
    const call = await found;
    if (call) {
      if (!isAboutRoutesBy3x(parts, exchange)) {
        await authorize(parts, exchange.user, call.info);
        // What lasts ends when this right is taken.
        exchange.served = call.info;
      }

      legacyCalls.set(exchange, call);
    }
  };

  return (exchange, next) => {
    const found = parts.legacyVersions?.callOf(
      exchange.req.method ?? 'GET',
      exchange.url,
      exchange.info,
    );

    return found ? find(exchange, found).then(next) : next();
  };
}

/**
 * The call as it goes to the Kubernetes API: with this server's identity, without the caller's
 * credentials.
 */
function proxied(exchange: Incoming, headers: Record<string, string>): KubeRequest {
  const kept: Record<string, string> = {};

  for (const name in headers) {
    if (!NEVER_PROXIED(name)) {
      kept[name] = headers[name]!;
    }
  }

  const request = kubeRequestFrom(exchange.req, exchange.signal, kept);

  // What a pod or service gets, nobody here keeps.
  const streams = exchange.info.subresource === 'proxy';
  const isCounted = request.body !== undefined && !streams;

  return { ...request, ...(isCounted && { body: countedBody(exchange.req) }), url: exchange.url };
}

/**
 * Makes a call to the Kubernetes API for its caller, through the gate: in the version that is
 * served.
 */
export function gatedCall(
  { gate, kubernetes, legacyVersions: versions, schemaOf }: ChainParts,
  exchange: Incoming,
  request: KubeRequest,
): Promise<KubeResponse> {
  const { req, user: caller } = exchange;
  const readBody = () => readRequestBody(req, BODY_LIMIT);

  const send: Send = (info, sent, readSent) =>
    gate.call({
      caller,
      info,
      request: sent,
      kubernetes,
      own: kubernetes,
      readBody: readSent,
      isAuthorizedByKubernetes: false,
    });

  const own = (one: KubeRequest) => kubernetes.request(one);
  const legacy = legacyCalls.get(exchange);
  if (legacy) {
    return legacy.make(request, { send, readBody, own, schemaOf });
  }

  const { info } = exchange;

  return versions && asksForDiscovery(request, info)
    ? versions.discovery.answer(request, (one) => send(info, one, readBody), own)
    : send(info, request, readBody);
}

/** A watch's body that simply ends, without an error for the reader, when the server stops. */
async function* endingQuietly(body: KubeBody, stopped: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* isWhole(body) ? [body] : body;
  } catch (error) {
    if (!stopped.aborted) {
      throw error;
    }
  }
}

/**
 * Passes a watch on; it ends with its reader, its session or the server, then like one that timed
 * out.
 */
async function proxyWatch(
  parts: ChainParts,
  exchange: Exchange,
  request: KubeRequest,
): Promise<void> {
  const watch = new AbortController();
  const gone = () => watch.abort();

  exchange.signal.addEventListener('abort', gone, { once: true });

  const forget = parts.connections.add(exchange, gone);

  try {
    const response = await gatedCall(parts, exchange, { ...request, signal: watch.signal });
    await writeKubeResponse(exchange.res, {
      ...response,
      body: endingQuietly(response.body, watch.signal),
    });
  } finally {
    forget();
  }
}

/** Passes any other call on; one that lasts, like following a log, is cut when its session ends. */
async function proxyCall(
  parts: ChainParts,
  exchange: Exchange,
  request: KubeRequest,
): Promise<void> {
  const response = await gatedCall(parts, exchange, request);
  if (isWhole(response.body)) {
    return writeKubeResponse(exchange.res, response);
  }

  const forget = parts.connections.add(exchange, (why) => {
    // What is on its way when the server stops may arrive.
    if (why !== 'stopping') {
      exchange.res.destroy();
    }
  });

  await Promise.resolve(writeKubeResponse(exchange.res, response)).finally(forget);
}

/** Hands `/api` and `/apis` to the Kubernetes API, streaming both ways. */
function kubernetesProxy(parts: ChainParts): Filter {
  const proxy: Filter = async (exchange) => {
    const { info, req, res } = exchange;
    const request = proxied(exchange, endToEndHeaders(req));

    try {
      if (info.verb === 'watch') {
        await proxyWatch(parts, exchange, request);
      } else {
        await proxyCall(parts, exchange, request);
      }
    } catch (error) {
      if (exchange.signal.aborted) {
        return void res.destroy();
      }
      if (error instanceof StatusError && error.code === 503) {
        return void sendText(res, 502, `${error.message}\n`);
      }

      throw error;
    }
  };

  return (exchange, next) => (exchange.info.isKubernetes ? proxy(exchange, next) : next());
}

/** Lets live lists end with their session, or with the right to them. */
function liveLists({ connections }: ChainParts): Filter {
  return (exchange, next) => {
    if (exchange.info.verb === 'watch') {
      exchange.follow = (end) => connections.add(exchange, end);
    }
    return next();
  };
}

/**
 * The way of every call, outermost first. Cluster dispatch comes after authentication, auditing
 * after authorization.
 */
export function chain(parts: ChainParts): readonly Filter[] {
  return [
    failures,
    requestInfo,
    landingPage,
    narrowing(parts),
    authentication(parts),
    authorization(parts),
    legacyVersions(parts),
    bodyBudgets(parts),
    parts.longCalls.filter,
    kubernetesProxy(parts),
    liveLists(parts),
    parts.router,
  ];
}

/** Where upgrades end: the Kubernetes API, or a route of this server. */
export interface UpgradeEnds {
  kubernetes: (request: KubeRequest) => Promise<void>;
  route: () => Promise<void>;
}

/** The same way for protocol upgrades. */
export function upgradeChain(parts: ChainParts, ends: UpgradeEnds): readonly Filter<Incoming>[] {
  const origin: Filter<Incoming> = ({ req, info }, next) => {
    checkUpgrade(req, info);
    checkOrigin(req.headers, parts.webSocketOrigins);
    return next();
  };

  const upgrade: Filter<Incoming> = async (exchange) => {
    if (!exchange.info.isKubernetes) {
      return ends.route();
    }

    const { req } = exchange;

    const headers = {
      // Kubernetes asks every WebSocket for an origin; one that came with it has been checked
      // above.
      origin: `http://${req.headers.host ?? 'localhost'}`,
      ...endToEndHeaders(req),
      upgrade: String(req.headers.upgrade ?? ''),
    };

    await ends.kubernetes(proxied(exchange, headers));
  };

  return [
    requestInfo,
    narrowing(parts),
    origin,
    authentication(parts),
    authorization(parts),
    legacyVersions(parts),
    upgrade,
  ];
}
