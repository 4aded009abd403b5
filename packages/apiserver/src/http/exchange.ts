import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { RequestInfo } from './request-info.ts';

/** One call on its way through the chain; filters fill it in. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
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

/** One step of the chain: answers the call itself, or passes it on by `next`. */
export type Filter = (exchange: Exchange, next: () => Promise<void>) => Promise<void>;

/** Runs filters in the order of the array; the last one is not expected to call `next`. */
export function compose(filters: readonly Filter[]): (exchange: Exchange) => Promise<void> {
  return (exchange) => {
    const run = async (i: number): Promise<void> => {
      const filter = filters[i];
      if (filter) await filter(exchange, () => run(i + 1));
    };
    return run(0);
  };
}
