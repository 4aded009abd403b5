import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError, tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';

/**
 * How many bytes of bodies may be held in memory at the same time: of all callers without a log-in,
 * and of each user.
 */
export interface BodyLimits {
  anonymous: number;
  perUser: number;
}

/** How slow a body may be, in milliseconds: without any progress, and in all. */
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

/** The body of one request while it is in memory. */
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
   * Counts bytes that are kept from now on until the account is closed. Throws 429 where they are
   * too many.
   */
  hold(bytes: number): void {
    if (this.#closed) {
      return;
    }

    this.#charge(bytes);
    this.#held += bytes;
  }

  /** Gives everything back. */
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

/** What bodies hold in memory, by who sends them. */
export class BodyBudgets {
  readonly #limits: BodyLimits;
  readonly #patience: Readonly<Record<keyof BodyLimits, Patience>>;
  readonly #held = new Map<string, number>();

  constructor(limits = LIMITS, patience = PATIENCE) {
    this.#limits = limits;
    this.#patience = patience;
  }

  /** Bytes held for a user; '' stands for all who have not logged in. */
  held(user: string): number {
    return this.#held.get(user) ?? 0;
  }

  /**
   * Counts the body of a request for its caller until it is answered; whoever reads the body finds
   * the account at the request.
   */
  open(req: IncomingMessage, res: ServerResponse, user: UserInfo): BodyAccount {
    const anonymous = isAnonymous(user);
    const account = this.#account(anonymous ? '' : user.name, anonymous);

    accounts.set(req, account);
    res.once('close', () => account.close());

    return account;
  }

  /** The call of a request whose body somebody will keep whole, counted for its caller. */
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

  #account(key: string, anonymous: boolean): BodyAccount {
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

/**
 * For requests that nobody has opened an account for: those of servers that have no callers to tell
 * apart.
 */
const others = new BodyBudgets();

/** The account that a request's body is counted on. */
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
 * Calls back with 408 once when a body stalls or takes too long; `progress` tells that some of it
 * came, `end` stops the watch.
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
 * A body that streams to somebody who keeps all of it: its bytes are counted, and it may not be
 * slow. Throws 429 and 408 to its reader.
 */
export async function* countedBody(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  const account = bodyAccount(req);
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });

  failed.catch(() => {});

  const watch = watchProgress(account, fail);
  const chunks = req.iterator({ destroyOnReturn: false });

  try {
    for (;;) {
      const { value, done } = await Promise.race([chunks.next(), failed]);
      if (done) {
        return;
      }

      watch.progress();
      account.hold(value.byteLength);
      yield value;
    }
  } finally {
    watch.end();
  }
}
