import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole } from '@ks-apiserver/apimachinery/transport/transport';
import { passedBody } from '@ks-apiserver/http/request/body-budgets';
import { kubeRequestFrom } from '@ks-apiserver/http/request/kube-request';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import type { Pending } from '@ks-apiserver/http/response/pending';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import type { EndReason, Exchange, Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { answerHeaders } from '@ks-apiserver/upstreams/forwarded-headers';
import { checkRestrictions } from '../models/authorization/restrictions/restrictions.ts';
import { isOfHost } from '../models/clusters/host-groups.ts';
import type { MemberKubeSphere } from '../models/clusters/member.ts';
import { memberCall, queryHeader, withoutCluster } from '../models/clusters/member-call.ts';
import type { MemberClusters } from '../models/clusters/member-clusters.ts';
import { relayUpgrade, type UpgradeConnection } from '../proxy/upgrade-relay.ts';
import type { ChainDependencies } from './chain-dependencies.ts';

/** Throws StatusErrors in 3.0's words; its console shows them. */
function refuse(code: number, message: string): never {
  throw new StatusError(code, code === 404 ? 'NotFound' : 'InternalError', message);
}

/** Who answers a call. */
type Answerer =
  /** This server, about its own cluster. */
  | { by: 'host' }
  /** This server, about a member that has only Kubernetes. */
  | { by: 'host-for-member' }
  /** The member's own KubeSphere. */
  | { by: 'member'; target: MemberKubeSphere };

/** Finds who answers a call that names a cluster. Throws for clusters that cannot be called. */
async function answererOf(memberClusters: MemberClusters, { info }: Incoming): Promise<Answerer> {
  const { cluster } = info;
  const member = await memberClusters.find(cluster);

  if (!member) {
    return refuse(404, `cluster ${cluster} not found`);
  }
  if (member.state === 'host') {
    return { by: 'host' };
  }
  if (member.state === 'not-ready') {
    return refuse(500, `cluster ${cluster} is not ready`);
  }
  if (member.kubesphere) {
    return { by: 'member', target: member.kubesphere };
  }

  // Users, their global roles and workspaces are the host's also there.
  return isOfHost(info) ? { by: 'host' } : { by: 'host-for-member' };
}

async function callMember(
  { bodies, connections, longCalls }: ChainDependencies,
  exchange: Exchange,
  { door, connection }: MemberKubeSphere,
): Promise<void> {
  const { req, res, sourceIP, signal } = exchange;
  const { url, headers } = memberCall({ url: exchange.url, headers: req.headers, sourceIP }, door);

  if (longCalls.isLong(exchange)) {
    res.once('close', longCalls.admit(exchange));
  }

  const { body, ...request } = kubeRequestFrom(req, signal, headers);
  if (body) {
    bodies.open(req, res, exchange.user);
  }

  const answer = await connection.request({
    ...request,
    url,
    ...(body && { body: passedBody(req) }),
  });
  const response = { ...answer, headers: answerHeaders(answer.headers) };

  if (isWhole(answer.body)) {
    return writeKubeResponse(res, response);
  }

  // The member decides about rights; the session is this server's.
  const end = (why: EndReason) => {
    // Answers in progress when the server stops are completed, as far as they have an end.
    if (why !== 'stopping' || longCalls.isLong(exchange)) {
      res.destroy();
    }
  };

  const forget = connections.add(exchange, end, []);
  await Promise.resolve(writeKubeResponse(res, response)).finally(forget);
}

/**
 * Opens what answers for a member, with the rest of this server's own parts. From here on the call
 * is read as the member would read it: without the name of the cluster.
 */
async function partsFor(
  dependencies: ChainDependencies,
  exchange: Incoming,
): Promise<{ own: ChainDependencies; release(): void }> {
  const { memberParts } = dependencies;
  const { info: asked } = exchange;
  if (!memberParts) {
    return refuse(500, `cluster ${asked.cluster} is not ready`);
  }

  const { parts, release } = await memberParts(asked.cluster, exchange.signal);

  exchange.asked = asked;
  exchange.url = withoutCluster(exchange.url);
  exchange.info = parseRequestInfo(exchange.req.method ?? 'GET', exchange.url);

  return { own: { ...dependencies, ...parts }, release };
}

/** Returns the filters that answer calls about one cluster, made from its dependencies. */
type AnswerBy<E extends Incoming> = (own: ChainDependencies) => (exchange: E) => Pending;

/** Answers a call about a member that has only Kubernetes, with the users and rights of the host. */
async function answerForMember(
  dependencies: ChainDependencies,
  exchange: Exchange,
  answer: AnswerBy<Exchange>,
): Promise<void> {
  const { own, release } = await partsFor(dependencies, exchange);
  const { res } = exchange;

  if (res.destroyed) {
    return release();
  }

  res.once('close', release);
  await answer(own)(exchange);
}

/**
 * Sends calls that name a member cluster to it. The member authenticates and authorizes the caller
 * once more, so that this server does not; for members without KubeSphere this server does.
 */
export function clusterDispatch(
  dependencies: ChainDependencies,
  answer: AnswerBy<Exchange>,
): Filter {
  const { memberClusters } = dependencies;

  return (exchange, next) => {
    if (!memberClusters || exchange.info.cluster === '') {
      return next(exchange);
    }

    const failed = (error: unknown) => void sendError(exchange.res, error, 'text');

    const call = async (answerer: Answerer) => {
      if (answerer.by === 'member') {
        // The member does not know the restrictions of callers.
        checkRestrictions(exchange.user, exchange.info);
        await callMember(dependencies, exchange, answerer.target);
      }

      return answerer;
    };

    return answererOf(memberClusters, exchange)
      .then(call)
      .then(({ by }) => {
        if (by === 'host') {
          exchange.url = withoutCluster(exchange.url);
          return next(exchange);
        }

        return by === 'host-for-member'
          ? answerForMember(dependencies, exchange, answer)
          : undefined;
      }, failed);
  };
}

/** What happens to protocol upgrades that name a cluster. */
export interface UpgradeDispatch {
  /** Takes over the connection, for a member with a KubeSphere of its own. */
  relay: (call: MemberUpgrade) => Promise<void>;
  answer: AnswerBy<Incoming>;
}

/** Sends protocol upgrades that name a member cluster to it, or answers them for it. */
export function clusterUpgradeDispatch(
  dependencies: ChainDependencies,
  { relay, answer }: UpgradeDispatch,
): Filter<Incoming> {
  const { memberClusters } = dependencies;

  return async (exchange, next) => {
    if (!memberClusters || exchange.info.cluster === '') {
      return next(exchange);
    }

    const answerer = await answererOf(memberClusters, exchange);

    if (answerer.by === 'member') {
      checkRestrictions(exchange.user, exchange.info);
      return relay({ exchange, ...answerer.target });
    }

    if (answerer.by === 'host') {
      exchange.url = withoutCluster(exchange.url);
      return next(exchange);
    }

    const { own, release } = await partsFor(dependencies, exchange);
    const { socket } = exchange.req;

    if (socket.destroyed) {
      return release();
    }

    socket.once('close', release);
    await answer(own)(exchange);
  };
}

/** An upgrade that goes to a member. */
export interface MemberUpgrade extends MemberKubeSphere {
  exchange: Incoming;
}

/** Passes an upgrade on to a member; returns the status of its answer. */
export function relayToMember(
  { exchange, door, connection }: MemberUpgrade,
  client: UpgradeConnection,
): Promise<number> {
  const { req, sourceIP, signal } = exchange;
  const { url, headers } = memberCall({ url: exchange.url, headers: req.headers, sourceIP }, door);

  const sent = {
    ...headers,
    upgrade: String(req.headers.upgrade ?? ''),
    ...(door === 'service' && queryHeader(exchange.url)),
  };

  return relayUpgrade(connection, { ...kubeRequestFrom(req, signal, sent), url }, client);
}
