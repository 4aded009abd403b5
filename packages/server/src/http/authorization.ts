import { type Awaitable, whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { sendError } from '@ks-apiserver/http/response/error-responder';
import type { Pending } from '@ks-apiserver/http/response/pending';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { checkApiToken } from '../models/authorization/restrictions/api-tokens.ts';
import { checkFirstPassword } from '../models/authorization/restrictions/first-password.ts';
import type { ChainDependencies } from './chain-dependencies.ts';

/**
 * Returns why a user may not make a call; undefined if they may. Throws Forbidden for restrictions
 * of the user or the credential.
 */
function denialOf(
  { authorizer }: ChainDependencies,
  user: UserInfo,
  info: RequestInfo,
): Awaitable<StatusError | undefined> {
  checkFirstPassword(user, info);
  checkApiToken(user, info);

  return authorizer.denialOf(user, info);
}

/** Throws Forbidden unless a user may make a call. */
export function authorize(
  dependencies: ChainDependencies,
  user: UserInfo,
  info: RequestInfo,
): Pending {
  return whenReady(denialOf(dependencies, user, info), (denied) => {
    if (denied) {
      throw denied;
    }
  });
}

/** Denies every upgrade that no rule, role or public path allows. */
export function authorization(dependencies: ChainDependencies): Filter<Incoming> {
  return (exchange, next) => {
    const pending = authorize(dependencies, exchange.user, exchange.info);
    return pending ? pending.then(() => next(exchange)) : next(exchange);
  };
}

/** Denies every ordinary call that no rule, role or public path allows. */
export function denial(dependencies: ChainDependencies): Filter {
  return (exchange, next) =>
    whenReady(denialOf(dependencies, exchange.user, exchange.info), (denied) =>
      denied ? void sendError(exchange.res, denied) : next(exchange),
    );
}
