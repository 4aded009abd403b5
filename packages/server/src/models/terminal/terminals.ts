import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { Exec } from '@ks-apiserver/client/kube/exec';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from './close.ts';
import { type TerminalLimits, TerminalSession } from './session.ts';

/** Longest frame of a client, in bytes: a paste of a megabyte, escaped. */
const MAX_FRAME = 4 * 1024 * 1024;

/** Without a word which one, in this order. */
const SHELLS = ['sh', 'bash'];

/**
 * How soon a client that comes again by itself does so, in milliseconds, and of how many it is
 * remembered what they were told.
 */
const AGAIN_MS = 5000;
const MOST_TOLD = 1000;

/** How many terminals there may be, and for how long. */
export interface TerminalOptions extends TerminalLimits {
  maxSessionsPerUser: number;
}

/** Which terminal is asked for. */
export interface TerminalTarget {
  user: string;
  namespace: string;
  pod: string;
  container: string;
  shell: string;
}

/** A connection that asks for a WebSocket. */
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
  readonly #told = new Map<string, { text: string; at: number }>();

  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME,
    perMessageDeflate: false,
    // 3.0 has no subprotocol, and a client may offer its token as one.
    handleProtocols: () => false,
  });

  constructor(kubernetes: KubeTransport, options: TerminalOptions) {
    this.#kubernetes = kubernetes;
    this.#options = options;
  }

  /**
   * Opens a terminal on a connection; `opened` gets it, to end it from outside. What fails later is
   * told to the client alone.
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

      if (this.#count(target.user, client)) {
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
   * Whether to show why a terminal ends: 3.0's console opens one that has ended three times more, a
   * second later, and shows it each time.
   */
  #isNews({ user, namespace, pod, container, shell }: TerminalTarget, text: string): boolean {
    const key = JSON.stringify([user, namespace, pod, container, shell]);
    const before = this.#told.get(key);
    const at = performance.now();

    this.#told.delete(key);
    this.#told.set(key, { text, at });

    if (this.#told.size > MOST_TOLD) {
      const [oldest] = this.#told.keys();
      this.#told.delete(oldest!);
    }

    return before?.text !== text || at - before.at > AGAIN_MS;
  }

  /** Whether a user may have one more; it counts until its connection is closed. */
  #count(user: string, client: WebSocket): boolean {
    const count = this.#open.get(user) ?? 0;
    if (count >= this.#options.maxSessionsPerUser) {
      return false;
    }

    this.#open.set(user, count + 1);

    client.once('close', () => {
      const left = this.#open.get(user)! - 1;
      if (left > 0) {
        this.#open.set(user, left);
      } else {
        this.#open.delete(user);
      }
    });

    return true;
  }
}
