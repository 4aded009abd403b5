import WebSocket from 'ws';
import type { TestServer } from './test-server.ts';

const TERMINALS = '/terminal.kubesphere.io/v1alpha2';

/** The end of a terminal. */
export interface Ending {
  code: number;
  reason: string;
}

/** A client of the terminal, like the console. */
export class TerminalClient {
  readonly socket: WebSocket;
  /** The output of the process, and separately the messages of the server. */
  output = '';
  notice = '';
  /** All frames as they came. */
  readonly frames: string[] = [];
  readonly closed: Promise<Ending>;
  /** 101, or the status of a refusal. */
  readonly status: Promise<number>;

  constructor(
    server: TestServer,
    pod: string,
    {
      token,
      query = '',
      headers = {},
      cluster,
    }: { token: string; query?: string; headers?: Record<string, string>; cluster?: string },
  ) {
    const [namespace, name] = pod.split('/');
    const base = cluster === undefined ? '/kapis' : `/kapis/clusters/${cluster}`;
    const path = `${base}${TERMINALS}/namespaces/${namespace}/pods/${name}${query}`;

    this.socket = new WebSocket(server.url.replace('http', 'ws') + path, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    this.socket.on('error', () => {});

    this.socket.on('message', (data, binary) => {
      const text = String(data);
      this.frames.push(binary ? 'binary' : text);

      const { Op, Data } = JSON.parse(text);
      if (Op === 'stdout') {
        this.output += Data;
      } else if (Op === 'toast') {
        this.notice += Data;
      }
    });

    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );

    this.status = new Promise((resolve) => {
      this.socket.on('open', () => resolve(101));

      this.socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        this.socket.terminate();
      });
    });
  }

  /** Sends one frame. */
  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Sends a text as typed input. */
  type(Data: string): void {
    this.send({ Op: 'stdin', Data });
  }

  /** Waits until the output matches; rejects with it after the time, in milliseconds. */
  async until(pattern: RegExp, ms = 10_000): Promise<RegExpExecArray> {
    for (const end = Date.now() + ms; ; ) {
      const found = pattern.exec(this.output);
      if (found) {
        return found;
      }

      if (Date.now() > end || this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(
          `${pattern} is not in the output: ${JSON.stringify(this.output.slice(-500))} ${this.notice}`,
        );
      }

      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
