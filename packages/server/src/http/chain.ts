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
  LegacyCallDependencies,
  Send,
} from '../models/legacy-versions/calls/legacy-call.ts';
import { asksForDiscovery } from '../models/legacy-versions/discovery/legacy-discovery.ts';
import type { LegacyVersions } from '../models/legacy-versions/legacy-versions.ts';
import type { Connections } from './connections.ts';
import type { LongCalls } from './long-calls.ts';
import { checkOrigin } from './origin.ts';

/** What the filters of the chain work with. */
export interface ChainDependencies {
  kubernetes: KubeTransport;
  /** Makes the calls to the Kubernetes API. */
  gate: Gate;
  authenticator: Authenticator;
  authorizer: Authorizer;
  router: Filter;
  /** Serves protocol upgrades of this server's own routes. */
  upgrade: ReturnType<typeof upgradeRouter>;
  /** Finds the route that serves a path. */
  routeOf: ReturnType<typeof routeFinder>;
  /** Paths of routes that look at the Authorization header themselves. */
  authenticating: ReadonlySet<string>;
  /** Origins of other sites' pages that may open WebSockets. */
  webSocketOrigins: readonly string[];
  /** Calls under way: ended when the server stops or their session does. */
  connections: Connections;
  /** Calls that go on for long, by user. */
  longCalls: LongCalls;
  /** Counts request bodies in memory. */
  bodies: BodyBudgets;
  /**
   * Older versions of Kubernetes' kinds that are served here; undefined when that is turned off.
   */
  legacyVersions: LegacyVersions | undefined;
  /** Schemas of Kubernetes' kinds. */
  schemaOf: LegacyCallDependencies['schemaOf'];
}

/**
 * Headers with which a caller could act as somebody else at the Kubernetes API, or pass on their
 * own credentials.
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
 * Parses method and URL; doubled slashes count as one. Also makes the corrections that member
 * clusters and old consoles need.
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

/** Marks lists that return only what their caller may see: everybody may ask for those. */
function narrowing({ routeOf }: ChainDependencies): Filter<Incoming> {
  return (exchange, next) => {
    if (VISIBLE.test(exchange.url)) {
      const [path = ''] = exchange.url.split('?', 1);
      const route = routeOf(exchange.req.method ?? 'GET', path);
      exchange.info.visibleOnly = route?.narrows === true;
    }

    return next();
  };
}

/**
 * Authenticates the caller. A wrong credential is refused also when none is needed, except for
 * routes that read it themselves: at the token endpoint it is a client's secret, or what 3.0's
 * console sends with a refresh token.
 */
function authentication({ authenticator, authenticating }: ChainDependencies): Filter<Incoming> {
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

/** Counts bodies for their senders while they are in memory. */
function bodyBudgets({ bodies }: ChainDependencies): Filter {
  return ({ req, res, user }, next) => {
    if (hasBody(req)) {
      bodies.open(req, res, user);
    }
    return next();
  };
}

/** Throws Forbidden unless a user may make a call. */
function authorize({ authorizer }: ChainDependencies, user: UserInfo, info: RequestInfo): Pending {
  checkFirstPassword(user, info);
  checkApiToken(user, info);

  return authorizer.authorizeCall(user, info);
}

/** Denies every call that no rule, role or public path allows. */
function authorization(dependencies: ChainDependencies): Filter<Incoming> {
  return (exchange, next) => {
    const pending = authorize(dependencies, exchange.user, exchange.info);
    return pending ? pending.then(next) : next();
  };
}

/** The same calls in the version that is served, for calls about an older version of a kind. */
const legacyCalls = new WeakMap<Incoming, LegacyCall>();

/**
 * Whether a call is about Ingresses by a role that every project has. These roles of KubeSphere 3.0
 * name the group in which clusters of its time served Ingresses, `extensions`, which had no other
 * kinds by then.
 */
function isAboutRoutesBy3x({ authorizer }: ChainDependencies, { user, info }: Incoming): boolean {
  const isRoute = info.group === 'extensions' && info.resource === 'ingresses';

  return isRoute && authorizer.byRoleOfEveryProject(user, info);
}

/**
 * Finds calls about older versions of Kubernetes' kinds: their callers must be allowed to make them
 * in the served version too.
 */
function legacyVersions(dependencies: ChainDependencies): Filter<Incoming> {
  const find = async (exchange: Incoming, found: Promise<LegacyCall | undefined>) => {
    const call = await found;
    if (call) {
      if (!isAboutRoutesBy3x(dependencies, exchange)) {
        await authorize(dependencies, exchange.user, call.info);
        // Long calls end when this right is withdrawn.
        exchange.served = call.info;
      }

      legacyCalls.set(exchange, call);
    }
  };

  return (exchange, next) => {
    const found = dependencies.legacyVersions?.callOf(
      exchange.req.method ?? 'GET',
      exchange.url,
      exchange.info,
    );

    return found ? find(exchange, found).then(next) : next();
  };
}

/**
 * Returns the call as it is sent to the Kubernetes API: with this server's identity, without the
 * caller's credentials.
 */
function proxied(exchange: Incoming, headers: Record<string, string>): KubeRequest {
  const kept: Record<string, string> = {};

  for (const [name, value] of Object.entries(headers)) {
    if (!NEVER_PROXIED(name)) {
      kept[name] = value;
    }
  }

  const request = kubeRequestFrom(exchange.req, exchange.signal, kept);

  // Bodies for pods and services are not kept in memory.
  const streams = exchange.info.subresource === 'proxy';
  const isCounted = request.body !== undefined && !streams;

  return { ...request, ...(isCounted && { body: countedBody(exchange.req) }), url: exchange.url };
}

/**
 * Makes a caller's call to the Kubernetes API, through the gate and in the version that is served.
 */
export function gatedCall(
  { gate, kubernetes, legacyVersions: versions, schemaOf }: ChainDependencies,
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

/** Returns a watch's body that ends without an error when the server stops. */
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
  dependencies: ChainDependencies,
  exchange: Exchange,
  request: KubeRequest,
): Promise<void> {
  const watch = new AbortController();
  const gone = () => watch.abort();

  exchange.signal.addEventListener('abort', gone, { once: true });

  const forget = dependencies.connections.add(exchange, gone);

  try {
    const response = await gatedCall(dependencies, exchange, { ...request, signal: watch.signal });
    await writeKubeResponse(exchange.res, {
      ...response,
      body: endingQuietly(response.body, watch.signal),
    });
  } finally {
    forget();
  }
}

/** Passes any other call on; a long one, such as following a log, is cut when its session ends. */
async function proxyCall(
  dependencies: ChainDependencies,
  exchange: Exchange,
  request: KubeRequest,
): Promise<void> {
  const response = await gatedCall(dependencies, exchange, request);
  if (isWhole(response.body)) {
    return writeKubeResponse(exchange.res, response);
  }

  const forget = dependencies.connections.add(exchange, (why) => {
    // Answers in progress when the server stops are completed.
    if (why !== 'stopping') {
      exchange.res.destroy();
    }
  });

  await Promise.resolve(writeKubeResponse(exchange.res, response)).finally(forget);
}

/** Passes calls of `/api` and `/apis` to the Kubernetes API, streaming both ways. */
function kubernetesProxy(dependencies: ChainDependencies): Filter {
  const proxy: Filter = async (exchange) => {
    const { info, req, res } = exchange;
    const request = proxied(exchange, endToEndHeaders(req));

    try {
      if (info.verb === 'watch') {
        await proxyWatch(dependencies, exchange, request);
      } else {
        await proxyCall(dependencies, exchange, request);
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

/** Ends live lists with their session, or when the right to them is withdrawn. */
function liveLists({ connections }: ChainDependencies): Filter {
  return (exchange, next) => {
    if (exchange.info.verb === 'watch') {
      exchange.follow = (end) => connections.add(exchange, end);
    }
    return next();
  };
}

/**
 * The filters of every call, outermost first. Cluster dispatch comes after authentication, auditing
 * after authorization.
 */
export function chain(dependencies: ChainDependencies): readonly Filter[] {
  return [
    failures,
    requestInfo,
    narrowing(dependencies),
    authentication(dependencies),
    authorization(dependencies),
    legacyVersions(dependencies),
    bodyBudgets(dependencies),
    dependencies.longCalls.filter,
    kubernetesProxy(dependencies),
    liveLists(dependencies),
    dependencies.router,
  ];
}

/** Handlers of upgrades: the Kubernetes API, or a route of this server. */
export interface UpgradeEnds {
  kubernetes: (request: KubeRequest) => Promise<void>;
  route: () => Promise<void>;
}

/** The same filters for protocol upgrades. */
export function upgradeChain(
  dependencies: ChainDependencies,
  ends: UpgradeEnds,
): readonly Filter<Incoming>[] {
  const origin: Filter<Incoming> = ({ req, info }, next) => {
    checkUpgrade(req, info);
    checkOrigin(req.headers, dependencies.webSocketOrigins);
    return next();
  };

  const upgrade: Filter<Incoming> = async (exchange) => {
    if (!exchange.info.isKubernetes) {
      return ends.route();
    }

    const { req } = exchange;

    const headers = {
      // Kubernetes requires an origin of every WebSocket; one that came with it has been checked
      // above.
      origin: `http://${req.headers.host ?? 'localhost'}`,
      ...endToEndHeaders(req),
      upgrade: String(req.headers.upgrade ?? ''),
    };

    await ends.kubernetes(proxied(exchange, headers));
  };

  return [
    requestInfo,
    narrowing(dependencies),
    origin,
    authentication(dependencies),
    authorization(dependencies),
    legacyVersions(dependencies),
    upgrade,
  ];
}
