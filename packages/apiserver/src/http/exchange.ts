import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { RequestInfo } from './request-info.ts';

/** A call that came in, ordinary or for a protocol upgrade; filters fill it in. */
export interface Incoming {
  readonly req: IncomingMessage;
  /** Path and query, percent-encoded, after the fix-ups of the first filter. */
  url: string;
  info: RequestInfo;
  user: UserInfo;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  readonly receivedAt: number;
  /** Address of the client as login records and audit show it. */
  sourceIP: string;
}

/** A call with the response that answers it. */
export interface Exchange extends Incoming {
  readonly res: ServerResponse;
}

/** One step of the chain: answers the call itself, or passes it on by `next`. */
export type Filter<E extends Incoming = Exchange> = (exchange: E, next: () => Promise<void>) => Promise<void>;

/** Runs filters in the order of the array; the last one is not expected to call `next`. */
export function compose<E extends Incoming>(filters: readonly Filter<E>[]): (exchange: E) => Promise<void> {
  return (exchange) => {
    const run = async (i: number): Promise<void> => {
      const filter = filters[i];
      if (filter) await filter(exchange, () => run(i + 1));
    };
    return run(0);
  };
}
