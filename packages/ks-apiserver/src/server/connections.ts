import type { Incoming } from '@ks-apiserver/apiserver/http/exchange';
import type { Authorizer } from '../models/authorization/authorizer.ts';
import type { Authenticator } from '../models/iam/authenticate.ts';

/** How often open connections are looked at, in milliseconds: a revoked session has ended within a second. */
const CHECK_MS = 400;

interface Connection {
  incoming: Incoming;
  /** Credential by which it was opened: those with the same one are looked at once. */
  credential: string;
  holds: () => Promise<boolean>;
  end: (stopping: boolean) => void;
}

/** Watches, upgraded connections and other long calls: each ends when its session ends or its caller's rights are taken. */
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

  /** Follows a connection from now on; `end` is called at most once and told whether the server stops. Answers how to stop following it. */
  add(incoming: Incoming, end: (stopping: boolean) => void): () => void {
    const credential = incoming.req.headers.authorization ?? '';
    const holds = this.#authenticator.follow(credential, incoming.user);
    const connection = { incoming, credential, holds, end };
    this.#open.add(connection);
    return () => this.#open.delete(connection);
  }

  async #check(): Promise<void> {
    // A slow Redis must not pile up questions.
    if (this.#checking || this.#open.size === 0) return;
    this.#checking = true;
    const answers = new Map<string, Promise<boolean>>();
    const check = async (connection: Connection) => {
      const { credential, holds, incoming } = connection;
      const answer = answers.get(credential) ?? holds();
      answers.set(credential, answer);
      if ((await answer) && (await this.#authorizer.permits(incoming.user, incoming.info))) return;
      if (this.#open.delete(connection)) connection.end(false);
    };
    await Promise.all([...this.#open].map(check));
    this.#checking = false;
  }

  /** Ends all connections and looks at none any more. */
  close(): void {
    clearInterval(this.#timer);
    for (const connection of [...this.#open]) connection.end(true);
    this.#open.clear();
  }
}
