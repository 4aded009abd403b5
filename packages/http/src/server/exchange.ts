import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '../request/request-info.ts';
import type { Pending } from '../response/pending.ts';

/**
 * Why the server ends a connection: it stops, the caller's session has ended, or a right was
 * withdrawn.
 */
export type EndReason = 'stopping' | 'session' | 'rights';

/** A call that came in, ordinary or for a protocol upgrade; filters add what they find out. */
export interface Incoming {
  readonly req: IncomingMessage;
  /** Path and query, percent-encoded, after the corrections of the first filter. */
  url: string;
  info: RequestInfo;
  /**
   * The same call in the current version of a kind where `info` names an older version: its caller
   * needs the right to both.
   */
  served?: RequestInfo;
  /**
   * The call as it came, with the name of the cluster, where this server answers for a member; logs
   * and audit records show it.
   */
  asked?: RequestInfo;
  user: UserInfo;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  readonly receivedAt: number;
  /** Address of the client for login records and audit. */
  sourceIP: string;
  /**
   * Calls `end` once, when the caller's session or their right to the call ends, or the server
   * stops; returns a function that stops this. Set once the caller is known.
   */
  follow?: (end: (why: EndReason) => void) => () => void;
}

/** A call with the response that answers it. */
export interface Exchange extends Incoming {
  readonly res: ServerResponse;
}

/** The call as the listener makes it; its signal is made when it is first read. */
export class IncomingCall implements Incoming {
  readonly req: IncomingMessage;
  url: string;
  info: RequestInfo = NO_REQUEST;
  served?: RequestInfo;
  asked?: RequestInfo;
  user: UserInfo;
  readonly receivedAt = performance.now();
  sourceIP: string;
  #gone: AbortController | undefined;
  #isGone = false;

  constructor(req: IncomingMessage, user: UserInfo, sourceIP: string) {
    this.req = req;
    this.url = req.url ?? '/';
    this.user = user;
    this.sourceIP = sourceIP;
  }

  get signal(): AbortSignal {
    if (!this.#gone) {
      this.#gone = new AbortController();
      if (this.#isGone) {
        this.#gone.abort();
      }
    }

    return this.#gone.signal;
  }

  /** Aborts the signal when the client went away before it had all of the answer. */
  abort(): void {
    this.#isGone = true;
    this.#gone?.abort();
  }
}

/** A call that is answered on a response of its own. */
export class HttpCall extends IncomingCall implements Exchange {
  readonly res: ServerResponse;

  constructor(req: IncomingMessage, res: ServerResponse, user: UserInfo, sourceIP: string) {
    super(req, user, sourceIP);
    this.res = res;
  }
}

/** One step of the chain: answers the call itself, or passes it on by calling `next` with it. */
export type Filter<E extends Incoming = Exchange> = <X extends E>(
  exchange: X,
  next: (exchange: X) => Pending,
) => Pending;

/**
 * Runs filters in the order of the array; the last one is not expected to call `next`. Throws or
 * rejects with their errors.
 */
export function compose<E extends Incoming>(
  filters: readonly Filter<E>[],
): (exchange: E) => Pending {
  return filters.reduceRight<(exchange: E) => Pending>(
    (next, filter) => (exchange) => filter(exchange, next),
    () => {},
  );
}
