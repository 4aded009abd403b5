import { CallLimits } from '@ks-apiserver/http/server/call-limits';
import type { Filter, Incoming } from '@ks-apiserver/http/server/exchange';
import { ANONYMOUS } from '../models/iam/login/authenticate.ts';
import type { SourceAddresses } from './source-ip.ts';

const FOLLOWS = /[?&]follow=(?!(0|f|F|false|False|FALSE)(&|$))/;

/**
 * Watches, followed logs and upgraded connections, each user's counted; whoever has not logged in
 * counts by his address.
 */
export class LongCalls {
  readonly #limits: CallLimits;
  readonly #addresses: SourceAddresses;

  constructor(maxPerUser: number, addresses: SourceAddresses) {
    this.#limits = new CallLimits(maxPerUser);
    this.#addresses = addresses;
  }

  /** Counts a call; answers how to give it back. Throws TooManyRequests. */
  admit({ user, sourceIP }: Incoming): () => void {
    // No user's name has a space.
    const caller =
      user.name === ANONYMOUS.name ? `${user.name} ${this.#addresses.client(sourceIP)}` : user.name;
    return this.#limits.admit(caller);
  }

  /** Counts ordinary calls that go on for long, until they are answered. */
  readonly filter: Filter = (exchange, next) => {
    const { info, url, res } = exchange;
    if (info.verb === 'watch' || (info.subresource === 'log' && FOLLOWS.test(url))) {
      res.once('close', this.admit(exchange));
    }

    return next();
  };
}
