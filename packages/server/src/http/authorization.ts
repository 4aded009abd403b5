import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import type { Pending } from '@ks-apiserver/http/response/pending';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { checkRestrictions } from '../models/authorization/restrictions/restrictions.ts';
import type { ChainDependencies } from './chain-dependencies.ts';

/** Throws Forbidden unless a user may make a call. */
export function authorize(
  { authorizer }: ChainDependencies,
  user: UserInfo,
  info: RequestInfo,
): Pending {
  checkRestrictions(user, info);
  return authorizer.authorizeCall(user, info);
}

/** Denies every upgrade that no rule, role or public path allows. */
export function authorization(dependencies: ChainDependencies): Filter<Incoming> {
  return (exchange, next) => {
    const pending = authorize(dependencies, exchange.user, exchange.info);
    return pending ? pending.then(() => next(exchange)) : next(exchange);
  };
}

/** Denies every ordinary call that no rule, role or public path allows. */
export function denial({ authorizer }: ChainDependencies): Filter {
  return (exchange, next) => {
    const { user, info } = exchange;
    checkRestrictions(user, info);

    return whenReady(authorizer.denialOf(user, info), (denied) =>
      denied ? void sendError(exchange.res, denied) : next(exchange),
    );
  };
}
