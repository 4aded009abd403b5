import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Incoming } from '@ks-apiserver/http/server/exchange';
import type { Logger } from 'pino';

/** How long failures that are alike are counted together, in milliseconds. */
const WINDOW_MS = 10_000;

/** How many different failures are logged in that time; further ones are counted. */
const MAX_LINES = 200;

/** A failure that was logged, and how often it has happened again since. */
interface Failure {
  line: object;
  message: string;
  level: 'info' | 'error';
  repeated: number;
}

/**
 * Logs calls: successful ones at debug level, as 3.0 does, because a line costs as much as a cached
 * answer. A failure is logged at once, and its repetitions are counted and logged together, so that
 * clients that cannot stop, and attackers, cost no more than others.
 */
export class AccessLog {
  readonly #log: Logger;
  readonly #windowMs: number;
  readonly #failures = new Map<string, Failure>();
  #unlisted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger, windowMs: number = WINDOW_MS) {
    this.#log = log;
    this.#windowMs = windowMs;
  }

  /** Logs a call that has ended with a status. */
  add(incoming: Incoming, status: number): void {
    if (status < 400) {
      if (this.#log.isLevelEnabled('debug')) {
        this.#log.debug(lineOf(incoming, status), 'request');
      }
      return;
    }

    if (this.#log.isLevelEnabled('info')) {
      const { req, info, asked = info, user, sourceIP } = incoming;
      const key = `${status} ${sourceIP} ${user.name} ${req.method} ${asked.path}`;

      this.#fail(key, () => ({
        line: lineOf(incoming, status),
        message: 'request',
        level: 'info',
      }));
    }
  }

  /** Logs a call at info level, whatever its status. */
  addAlways(incoming: Incoming, status: number): void {
    this.#log.info(lineOf(incoming, status), 'request');
  }

  /** Logs the cause of an error that is not its caller's. */
  addFault({ code, message, cause }: StatusError): void {
    if (code >= 500 && cause) {
      this.#fail(`error ${message}`, () => ({ line: { err: cause }, message, level: 'error' }));
    }
  }

  /** Logs that a call failed in a way that nobody has thought of. */
  addUnexpected({ info }: Incoming, err: unknown): void {
    const message = 'a request failed in an unexpected way';

    this.#fail(`${message} ${info.path}`, () => ({
      line: { err, path: info.path },
      message,
      level: 'error',
    }));
  }

  #fail(key: string, make: () => Omit<Failure, 'repeated'>): void {
    const known = this.#failures.get(key);

    if (known) {
      known.repeated += 1;
    } else if (this.#failures.size < MAX_LINES) {
      const failure = { ...make(), repeated: 0 };

      this.#log[failure.level](failure.line, failure.message);
      this.#failures.set(key, failure);
    } else {
      this.#unlisted += 1;
    }

    this.#timer ??= setTimeout(() => this.flush(), this.#windowMs).unref();
  }

  /** Logs what has been counted, and counts anew. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;

    for (const { line, message, level, repeated } of this.#failures.values()) {
      if (repeated > 0) {
        this.#log[level]({ ...line, repeated }, message);
      }
    }

    if (this.#unlisted > 0) {
      this.#log.info(
        { failed: this.#unlisted },
        'further requests failed, of too many kinds to list',
      );
    }

    this.#failures.clear();
    this.#unlisted = 0;
  }
}

/** Returns the fields of a call's line: its path without the query, which may hold codes and tokens. */
function lineOf(
  { req, info, asked = info, user, receivedAt, sourceIP }: Incoming,
  status: number,
): object {
  return {
    ip: sourceIP,
    user: user.name,
    method: req.method,
    path: asked.path,
    status,
    ms: Math.round(performance.now() - receivedAt),
  };
}
