import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { EndReason, Incoming } from '@ks-apiserver/http/server/exchange';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import type { Authenticator } from '../models/iam/login/authenticate.ts';

/**
 * How often open connections are checked, in milliseconds: a revoked session has ended within a
 * second.
 */
const CHECK_MS = 400;

interface Connection {
  incoming: Incoming;
  /** Credential with which it was opened: connections with the same one are checked together. */
  credential: string;
  holds: () => Promise<boolean>;
  /** Calls that its caller must be allowed to make, all of them. */
  needs: readonly RequestInfo[];
  end: (why: EndReason) => void;
}

/** Returns the calls that a caller must be allowed to make for this one. */
export function neededBy({ info, served }: Incoming): readonly RequestInfo[] {
  return served ? [info, served] : [info];
}

/**
 * Watches, upgraded connections and other long calls: each ends when its session ends or its caller
 * loses a right.
 */
export class Connections {
  readonly #authenticator: Authenticator;
  readonly #authorizer: Authorizer;
  readonly #open = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  #checking = false;

  constructor(authenticator: Authenticator, authorizer: Authorizer) {
    this.#authenticator = authenticator;
    this.#authorizer = authorizer;
    this.#timer = setInterval(() => void this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  /**
   * Follows a connection; `end` is called at most once, when its session ends or its caller may no
   * longer make one of the calls that it `needs`. Returns a function that stops following it.
   */
  add(incoming: Incoming, end: (why: EndReason) => void, needs = neededBy(incoming)): () => void {
    const credential = incoming.req.headers.authorization ?? '';
    const holds = this.#authenticator.follow(credential, incoming.user);
    const connection = { incoming, credential, holds, needs, end };

    this.#open.add(connection);

    return () => this.#open.delete(connection);
  }

  async #check(): Promise<void> {
    // A slow Redis must not collect pending checks.
    if (this.#checking || this.#open.size === 0) {
      return;
    }

    this.#checking = true;

    const answers = new Map<string, Promise<boolean>>();

    const check = async (connection: Connection) => {
      const { credential, holds } = connection;
      const answer = answers.get(credential) ?? holds();

      answers.set(credential, answer);

      const why = (await answer) ? await this.#lostRight(connection) : 'session';

      if (why !== undefined && this.#open.delete(connection)) {
        connection.end(why);
      }
    };

    await Promise.all([...this.#open].map(check));
    this.#checking = false;
  }

  /** Returns 'rights' when the caller may no longer make one of the connection's calls. */
  async #lostRight(connection: Connection): Promise<'rights' | undefined> {
    return (await this.#permits(connection)) ? undefined : 'rights';
  }

  async #permits({ incoming, needs }: Connection): Promise<boolean> {
    for (const info of needs) {
      if (!(await this.#authorizer.permits(incoming.user, info))) {
        return false;
      }
    }

    return true;
  }

  /** Ends all connections and checks none any more. */
  close(): void {
    clearInterval(this.#timer);

    for (const connection of [...this.#open]) {
      connection.end('stopping');
    }

    this.#open.clear();
  }
}
