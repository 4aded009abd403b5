import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { Exec } from '@ks-apiserver/client/kube/exec';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from './close.ts';
import { type TerminalLimits, TerminalSession } from './session.ts';

/** Longest frame of a client, in bytes: a paste of a megabyte, escaped. */
const MAX_FRAME = 4 * 1024 * 1024;

/** Shells to try, in this order, if the request names none. */
const SHELLS = ['sh', 'bash'];

/**
 * How soon a client that reopens terminals by itself does so, in milliseconds, and how many reasons
 * are remembered.
 */
const AGAIN_MS = 5000;
const MAX_REASONS = 1000;

/** Limits of terminals. */
export interface TerminalOptions extends TerminalLimits {
  maxSessionsPerUser: number;
}

/** The container and shell of a terminal, and its user. */
export interface TerminalTarget {
  user: string;
  namespace: string;
  pod: string;
  container: string;
  shell: string;
}

/** A connection to upgrade to a WebSocket. */
export interface Connection {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** All open terminals: processes in containers of a Kubernetes API, each behind a WebSocket. */
export class Terminals {
  readonly #kubernetes: KubeTransport;
  readonly #options: TerminalOptions;
  readonly #open = new Map<string, number>();
  readonly #reasons = new Map<string, { text: string; at: number }>();

  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME,
    perMessageDeflate: false,
    // 3.0 has no subprotocol, and clients may send their token as one.
    handleProtocols: () => false,
  });

  constructor(kubernetes: KubeTransport, options: TerminalOptions) {
    this.#kubernetes = kubernetes;
    this.#options = options;
  }

  /**
   * Opens a terminal on a connection and passes it to `opened`, which may end it. Later errors are
   * sent to the client.
   */
  open(
    target: TerminalTarget,
    { req, socket, head }: Connection,
    opened: (session: TerminalSession) => void,
  ): void {
    this.#server.handleUpgrade(req, socket, head, (client) => {
      const session = new TerminalSession(client, this.#options, (text) =>
        this.#isNews(target, text),
      );
      opened(session);

      if (this.#admit(target.user, client)) {
        this.#run(target, session);
      } else {
        const most = this.#options.maxSessionsPerUser;
        session.end(CLOSE.policy, `you have ${most} terminals open, which is the most: close one`);
      }
    });
  }

  #run({ namespace, pod, container, shell }: TerminalTarget, session: TerminalSession): void {
    void session.run(
      SHELLS.includes(shell) ? [shell] : SHELLS,
      container,
      (program, handlers, signal) =>
        Exec.open(
          this.#kubernetes,
          { namespace, pod, container, command: [program] },
          handlers,
          signal,
        ),
    );
  }

  /**
   * Whether to show why a terminal ends: 3.0's console reopens one that has ended three times,
   * after a second each, and shows the reason each time.
   */
  #isNews({ user, namespace, pod, container, shell }: TerminalTarget, text: string): boolean {
    const key = JSON.stringify([user, namespace, pod, container, shell]);
    const before = this.#reasons.get(key);
    const at = performance.now();

    this.#reasons.delete(key);
    this.#reasons.set(key, { text, at });

    if (this.#reasons.size > MAX_REASONS) {
      const [oldest = ''] = this.#reasons.keys();
      this.#reasons.delete(oldest);
    }

    return before?.text !== text || at - before.at > AGAIN_MS;
  }

  /** Whether a user may have another terminal; it counts until its connection is closed. */
  #admit(user: string, client: WebSocket): boolean {
    const count = this.#open.get(user) ?? 0;
    if (count >= this.#options.maxSessionsPerUser) {
      return false;
    }

    this.#open.set(user, count + 1);

    client.once('close', () => {
      const left = (this.#open.get(user) ?? 0) - 1;
      if (left > 0) {
        this.#open.set(user, left);
      } else {
        this.#open.delete(user);
      }
    });

    return true;
  }
}
