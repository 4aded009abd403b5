import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError, tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { bodyObserver } from './body-observer.ts';

/**
 * How many bytes of request bodies may be in memory at the same time: of all callers without a
 * log-in together, and of each user.
 */
export interface BodyLimits {
  anonymous: number;
  perUser: number;
}

/** How slow a body may be, in milliseconds: without any progress, and altogether. */
export interface Patience {
  stalledMs: number;
  wholeMs: number;
}

const LIMITS: BodyLimits = { anonymous: 32 * 1024 * 1024, perUser: 64 * 1024 * 1024 };

const PATIENCE: Record<keyof BodyLimits, Patience> = {
  anonymous: { stalledMs: 10_000, wholeMs: 20_000 },
  perUser: { stalledMs: 30_000, wholeMs: 120_000 },
};

const RETRY_SECONDS = 1;

/** Counts the bytes of one request's body while it is in memory. */
export class BodyAccount {
  readonly patience: Patience;
  readonly #charge: (bytes: number) => void;
  readonly #giveBack: (bytes: number) => void;
  #held = 0;
  #closed = false;

  constructor(
    patience: Patience,
    charge: (bytes: number) => void,
    giveBack: (bytes: number) => void,
  ) {
    this.patience = patience;
    this.#charge = charge;
    this.#giveBack = giveBack;
  }

  /**
   * Counts bytes that stay in memory until the account is closed. Throws 429 when they are too
   * many.
   */
  hold(bytes: number): void {
    if (this.#closed) {
      return;
    }

    this.#charge(bytes);
    this.#held += bytes;
  }

  /** Gives back everything that was counted. */
  close(): void {
    if (this.#closed) {
      return;
    }

    this.#closed = true;
    this.#giveBack(this.#held);
  }
}

const accounts = new WeakMap<IncomingMessage, BodyAccount>();

function isAnonymous({ groups }: UserInfo): boolean {
  return groups.includes('system:unauthenticated');
}

const megabytes = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MB`;

/** Key under which the bodies of all callers without a log-in are counted. */
const ANONYMOUS = '';

/** Counts the bytes of request bodies in memory, by user. */
export class BodyBudgets {
  readonly #limits: BodyLimits;
  readonly #patience: Readonly<Record<keyof BodyLimits, Patience>>;
  readonly #held = new Map<string, number>();

  constructor(limits = LIMITS, patience = PATIENCE) {
    this.#limits = limits;
    this.#patience = patience;
  }

  /** Bytes counted for a user; '' stands for all callers without a log-in. */
  held(user: string): number {
    return this.#held.get(user) ?? 0;
  }

  /**
   * Opens an account for the body of a request until the request is answered; readers of the body
   * find it by the request.
   */
  open(req: IncomingMessage, res: ServerResponse, user: UserInfo): BodyAccount {
    const account = this.#account(isAnonymous(user) ? ANONYMOUS : user.name);

    accounts.set(req, account);
    res.once('close', () => account.close());

    return account;
  }

  /**
   * Returns the same call with a body whose bytes are counted for the caller, for a backend that
   * keeps the body whole.
   */
  counted(
    request: KubeRequest,
    req: IncomingMessage,
    res: ServerResponse,
    user: UserInfo,
  ): KubeRequest {
    if (request.body === undefined) {
      return request;
    }

    this.open(req, res, user);
    return { ...request, body: countedBody(req) };
  }

  #account(key: string): BodyAccount {
    const anonymous = key === ANONYMOUS;
    const kind = anonymous ? 'anonymous' : 'perUser';
    const limit = this.#limits[kind];

    const change = (bytes: number) => {
      const held = this.held(key) + bytes;
      if (held > 0) {
        this.#held.set(key, held);
      } else {
        this.#held.delete(key);
      }
    };

    const charge = (bytes: number) => {
      if (this.held(key) + bytes > limit) {
        throw tooManyRequests(
          anonymous
            ? `requests without a log-in bring more than ${megabytes(limit)} at the same time: try again, or log in`
            : `your requests bring more than ${megabytes(limit)} at the same time: wait until some of them are answered`,
          RETRY_SECONDS,
        );
      }

      change(bytes);
    };

    return new BodyAccount(this.#patience[kind], charge, (bytes) => change(-bytes));
  }
}

/** Account of requests for which none was opened: those to servers without users. */
const others = new BodyBudgets();

/** Returns the account that a request's body is counted on. */
export function bodyAccount(req: IncomingMessage): BodyAccount {
  const known = accounts.get(req);
  if (known) {
    return known;
  }

  const account = others.open(req, { once: () => {} } as unknown as ServerResponse, {
    name: '',
    groups: ['system:unauthenticated'],
  });

  req.once('close', () => account.close());

  return account;
}

/**
 * Calls back once with 408 when a body stalls or takes too long. `progress` reports that some of it
 * arrived, `end` stops the timers.
 */
export function watchProgress(
  { patience }: BodyAccount,
  late: (error: StatusError) => void,
): { progress: () => void; end: () => void } {
  const { stalledMs, wholeMs } = patience;
  const fail = (why: string) => () => late(new StatusError(408, 'Timeout', why));
  const stalled = setTimeout(fail(`nothing of the body came for ${stalledMs / 1000} s`), stalledMs);
  const whole = setTimeout(fail(`the body did not come within ${wholeMs / 1000} s`), wholeMs);

  return {
    progress: () => void stalled.refresh(),
    end: () => {
      clearTimeout(stalled);
      clearTimeout(whole);
    },
  };
}

/**
 * Returns a body for a backend that keeps all of it: the bytes are counted, and the body may not be
 * slow. Throws 429 and 408 to its reader.
 */
export function countedBody(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  const account = bodyAccount(req);
  return watchedBody(req, account, (bytes) => account.hold(bytes));
}

/**
 * Returns a body that goes on to another server while it comes: nothing of it is kept, but it may
 * not be slow. Throws 408 to its reader.
 */
export function passedBody(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  return watchedBody(req, bodyAccount(req), () => {});
}

async function* watchedBody(
  req: IncomingMessage,
  account: BodyAccount,
  arrived: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });

  failed.catch(() => {});

  const observe = bodyObserver(req);
  const watch = watchProgress(account, fail);
  const chunks = req.iterator({ destroyOnReturn: false });

  try {
    for (;;) {
      const { value, done } = await Promise.race([chunks.next(), failed]);
      if (done) {
        return;
      }

      watch.progress();
      arrived(value.byteLength);
      observe?.(value);
      yield value;
    }
  } finally {
    watch.end();
  }
}
