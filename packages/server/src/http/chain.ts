import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { endToEndHeaders } from '@ks-apiserver/apimachinery/transport/end-to-end-headers';
import type { KubeRequest, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { hasBody } from '@ks-apiserver/http/request/request-body';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import { compose, type Filter, type Incoming } from '@ks-apiserver/http/server/exchange';
import { checkUpgrade } from '@ks-apiserver/http/server/upgrade';
import { auditing } from './auditing.ts';
import { authorization, denial } from './authorization.ts';
import type { ChainDependencies } from './chain-dependencies.ts';
import { clusterDispatch, clusterUpgradeDispatch, type MemberUpgrade } from './cluster-dispatch.ts';
import { kubernetesProxy, proxied } from './kubernetes-proxy.ts';
import { landingPage } from './landing-page.ts';
import { legacyVersions } from './legacy-calls.ts';
import { checkOrigin } from './origin.ts';

/** Answers failures of the chain itself as a Kubernetes Status, as 3.0 does. */
const failures: Filter = (exchange, next) => {
  const failed = (error: unknown) => void sendError(exchange.res, error, 'status');

  try {
    return next(exchange)?.catch(failed);
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

  return next(exchange);
};

/** Hands calls of collectors over, whose credentials are not those of users. */
function ingestion({ ingest, bodies }: ChainDependencies): Filter {
  return (exchange, next) =>
    ingest?.takes(exchange.info.path) ? ingest.handle(exchange, bodies) : next(exchange);
}

const VISIBLE = /[?&]scope=visible(&|$)/;

/** Marks lists that return only what their caller may see: everybody may ask for those. */
function narrowing({ routeOf }: ChainDependencies): Filter<Incoming> {
  return (exchange, next) => {
    if (VISIBLE.test(exchange.url)) {
      const [path = ''] = exchange.url.split('?', 1);
      const route = routeOf(exchange.req.method ?? 'GET', path);
      exchange.info = { ...exchange.info, visibleOnly: route?.narrows === true };
    }

    return next(exchange);
  };
}

/**
 * Whether the route of a call reads the Authorization header itself: at the token endpoint it is a
 * client's secret, or what 3.0's console sends with a refresh token.
 */
function authenticates(
  { authenticating }: ChainDependencies,
  { info: { path } }: Incoming,
): boolean {
  return authenticating.has(path.endsWith('/') ? path.slice(0, -1) : path);
}

/** Refuses tokens that are known to be wrong before anything else is done for their calls. */
function refusal(dependencies: ChainDependencies): Filter {
  return (exchange, next) => {
    const refused = authenticates(dependencies, exchange)
      ? undefined
      : dependencies.authenticator.refusal(exchange.req.headers.authorization);

    return refused ? void sendError(exchange.res, refused) : next(exchange);
  };
}

/** Authenticates the caller. A wrong credential is refused also when none is needed. */
function authentication(dependencies: ChainDependencies): Filter<Incoming> {
  const { authenticator } = dependencies;

  return (exchange, next) => {
    const { req, info } = exchange;
    if (authenticates(dependencies, exchange)) {
      return next(exchange);
    }

    const caller = authenticator.authenticate(req.headers.authorization, {
      sourceIP: exchange.sourceIP,
      userAgent: String(req.headers['user-agent'] ?? ''),
      recordSuccess: info.path.startsWith('/oauth/authorize'),
    });

    const go = (user: UserInfo) => {
      exchange.user = user;
      return next(exchange);
    };

    return caller instanceof Promise ? caller.then(go) : go(caller);
  };
}

/** Counts bodies for their senders while they are in memory. */
function bodyBudgets({ bodies }: ChainDependencies): Filter {
  return (exchange, next) => {
    const { req, res, user } = exchange;
    if (hasBody(req)) {
      bodies.open(req, res, user);
    }

    return next(exchange);
  };
}

/** Lets answers that go on end with their session, or when the right to them is withdrawn. */
function following({ connections }: ChainDependencies): Filter {
  return (exchange, next) => {
    exchange.follow = (end) => connections.add(exchange, end);
    return next(exchange);
  };
}

/** The filters that answer a call about one cluster, once its caller is known. */
function answering(dependencies: ChainDependencies): readonly Filter[] {
  return [
    narrowing(dependencies),
    denial(dependencies),
    legacyVersions(dependencies),
    bodyBudgets(dependencies),
    dependencies.longCalls.filter,
    kubernetesProxy(dependencies),
    following(dependencies),
    dependencies.router,
  ];
}

/** The filters of every call, outermost first. */
export function chain(dependencies: ChainDependencies): readonly Filter[] {
  return [
    failures,
    requestInfo,
    auditing(dependencies.auditor),
    landingPage,
    ingestion(dependencies),
    refusal(dependencies),
    authentication(dependencies),
    clusterDispatch(dependencies, (own) => compose(answering(own))),
    ...answering(dependencies),
  ];
}

/**
 * Handlers of upgrades: a member cluster's own server, the Kubernetes API, or a route of this
 * server; the last two get the dependencies of the cluster that the call is about.
 */
export interface UpgradeEnds {
  member: (call: MemberUpgrade) => Promise<void>;
  kubernetes: (request: KubeRequest, dependencies: ChainDependencies) => Promise<void>;
  route: (dependencies: ChainDependencies) => Promise<void>;
}

/** The filters that answer a protocol upgrade about one cluster, once its caller is known. */
function answeringUpgrades(
  dependencies: ChainDependencies,
  ends: UpgradeEnds,
): readonly Filter<Incoming>[] {
  const upgrade: Filter<Incoming> = async (exchange) => {
    if (!exchange.info.isKubernetes) {
      return ends.route(dependencies);
    }

    const { req } = exchange;

    const headers = {
      // Kubernetes requires an origin of every WebSocket; one that came with it has been checked
      // before.
      origin: `http://${req.headers.host ?? 'localhost'}`,
      ...endToEndHeaders(req.headers),
      upgrade: String(req.headers.upgrade ?? ''),
    };

    await ends.kubernetes(proxied(exchange, headers), dependencies);
  };

  return [
    narrowing(dependencies),
    authorization(dependencies),
    legacyVersions(dependencies),
    upgrade,
  ];
}

/** The same filters for protocol upgrades. */
export function upgradeChain(
  dependencies: ChainDependencies,
  ends: UpgradeEnds,
): readonly Filter<Incoming>[] {
  const origin: Filter<Incoming> = (exchange, next) => {
    const { req, info } = exchange;
    checkUpgrade(req, info);
    checkOrigin(req.headers, dependencies.webSocketOrigins);
    return next(exchange);
  };

  const answer = (own: ChainDependencies) => compose(answeringUpgrades(own, ends));

  return [
    requestInfo,
    origin,
    authentication(dependencies),
    clusterUpgradeDispatch(dependencies, { relay: ends.member, answer }),
    ...answeringUpgrades(dependencies, ends),
  ];
}
