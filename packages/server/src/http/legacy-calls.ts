import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import type { LegacyCall } from '../models/legacy-versions/calls/legacy-call.ts';
import { authorize } from './authorization.ts';
import type { ChainDependencies } from './chain-dependencies.ts';

/** The same calls in the version that is served, for calls about an older version of a kind. */
export const legacyCalls = new WeakMap<Incoming, LegacyCall>();

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
export function legacyVersions(dependencies: ChainDependencies): Filter<Incoming> {
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

    return found ? find(exchange, found).then(() => next(exchange)) : next(exchange);
  };
}
