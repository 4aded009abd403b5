import { CallLimits } from '@ks-apiserver/http/server/call-limits';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { ANONYMOUS } from '../models/iam/login/authenticate.ts';
import type { SourceAddresses } from './source-ip.ts';

const FOLLOWS = /[?&]follow=(?!(0|f|F|false|False|FALSE)(&|$))/;

/**
 * Counts watches, followed logs and upgraded connections by user, and by address for callers
 * without a log-in.
 */
export class LongCalls {
  readonly #limits: CallLimits;
  readonly #addresses: SourceAddresses;

  constructor(maxPerUser: number, addresses: SourceAddresses) {
    this.#limits = new CallLimits(maxPerUser);
    this.#addresses = addresses;
  }

  /** Whether an ordinary call goes on for long. */
  isLong({ info, url }: Incoming): boolean {
    return info.verb === 'watch' || (info.subresource === 'log' && FOLLOWS.test(url));
  }

  /** Counts a call and returns the function that ends it. Throws TooManyRequests. */
  admit({ user, sourceIP }: Incoming): () => void {
    // No user's name has a space.
    const caller =
      user.name === ANONYMOUS.name ? `${user.name} ${this.#addresses.client(sourceIP)}` : user.name;
    return this.#limits.admit(caller);
  }

  /** Counts ordinary calls that go on for long, until they are answered. */
  readonly filter: Filter = (exchange, next) => {
    if (this.isLong(exchange)) {
      exchange.res.once('close', this.admit(exchange));
    }

    return next(exchange);
  };
}
