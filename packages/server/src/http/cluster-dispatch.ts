import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isWhole } from '@ks-apiserver/apimachinery/transport/transport';
import { passedBody } from '@ks-apiserver/http/request/body-budgets';
import { kubeRequestFrom } from '@ks-apiserver/http/request/kube-request';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import { writeKubeResponse } from '@ks-apiserver/http/response/respond';
import type { EndReason, Exchange, Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { answerHeaders } from '@ks-apiserver/upstreams/forwarded-headers';
import { checkApiToken } from '../models/authorization/restrictions/api-tokens.ts';
import { checkFirstPassword } from '../models/authorization/restrictions/first-password.ts';
import type { MemberKubeSphere } from '../models/clusters/member.ts';
import { memberCall, queryHeader, withoutCluster } from '../models/clusters/member-call.ts';
import type { MemberClusters } from '../models/clusters/member-clusters.ts';
import { relayUpgrade, type UpgradeConnection } from '../proxy/upgrade-relay.ts';
import type { ChainDependencies } from './chain-dependencies.ts';

/** Throws StatusErrors in 3.0's words; its console shows them. */
function refuse(code: number, message: string): never {
  throw new StatusError(code, code === 404 ? 'NotFound' : 'InternalError', message);
}

/**
 * Returns where a call goes; undefined when this server answers it, whose own cluster may be named
 * too: then the path is shortened. Throws for clusters that cannot be called.
 */
async function targetOf(
  memberClusters: MemberClusters,
  exchange: Incoming,
): Promise<MemberKubeSphere | undefined> {
  const { cluster } = exchange.info;
  const member = await memberClusters.find(cluster);

  switch (member?.state) {
    case undefined:
      return refuse(404, `cluster ${cluster} not found`);
    case 'host':
      exchange.url = withoutCluster(exchange.url);
      return undefined;
    case 'ready':
      return member.kubesphere ?? refuse(500, `cluster ${cluster} is not ready`);
    default:
      return refuse(500, `cluster ${cluster} is not ready`);
  }
}

/** Restrictions of a caller that a member does not know. */
function checkCaller({ user, info }: Incoming): void {
  checkFirstPassword(user, info);
  checkApiToken(user, info);
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
 * Sends calls that name a member cluster to it. The member authenticates and authorizes the caller
 * once more, so that this server does not.
 */
export function clusterDispatch(dependencies: ChainDependencies): Filter {
  const { memberClusters } = dependencies;

  return (exchange, next) => {
    if (!memberClusters || exchange.info.cluster === '') {
      return next();
    }

    const failed = (error: unknown) => void sendError(exchange.res, error, 'text');

    return targetOf(memberClusters, exchange)
      .then((target) => {
        if (!target) {
          return { isOwn: true };
        }

        checkCaller(exchange);

        return callMember(dependencies, exchange, target).then(() => ({ isOwn: false }));
      })
      .then(
        ({ isOwn }) => (isOwn ? next() : undefined),
        (error) => failed(error),
      );
  };
}

/** Sends protocol upgrades that name a member cluster to it; `relay` takes over the connection. */
export function clusterUpgradeDispatch(
  { memberClusters }: ChainDependencies,
  relay: (call: MemberUpgrade) => Promise<void>,
): Filter<Incoming> {
  return async (exchange, next) => {
    if (!memberClusters || exchange.info.cluster === '') {
      return next();
    }

    const target = await targetOf(memberClusters, exchange);
    if (!target) {
      return next();
    }

    checkCaller(exchange);
    await relay({ exchange, ...target });
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
