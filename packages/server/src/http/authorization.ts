import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Pending } from '@ks-apiserver/http/response/pending';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { checkApiToken } from '../models/authorization/restrictions/api-tokens.ts';
import { checkFirstPassword } from '../models/authorization/restrictions/first-password.ts';
import type { ChainDependencies } from './chain-dependencies.ts';

/** Throws Forbidden unless a user may make a call. */
export function authorize(
  { authorizer }: ChainDependencies,
  user: UserInfo,
  info: RequestInfo,
): Pending {
  checkFirstPassword(user, info);
  checkApiToken(user, info);

  return authorizer.authorizeCall(user, info);
}

/** Denies every call that no rule, role or public path allows. */
export function authorization(dependencies: ChainDependencies): Filter<Incoming> {
  return (exchange, next) => {
    const pending = authorize(dependencies, exchange.user, exchange.info);
    return pending ? pending.then(() => next(exchange)) : next(exchange);
  };
}
