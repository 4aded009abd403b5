import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import type { RawData, WebSocket } from 'ws';
import { queryOf, resourcePath } from './resource-path.ts';

/** Newest first: v5 (KEP-4006, since Kubernetes 1.30) can also signal the end of the input. */
const PODS = { group: '', version: 'v1', resource: 'pods' };
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The first byte of every message names the stream that it belongs to. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 };

/** Longest message that is sent, in bytes. */
const CHUNK = 32 * 1024;
const END_OF_TRANSMISSION = 4;
const CLOSE_MS = 1000;

/** Which command to run, and in which container. */
export interface ExecTarget {
  namespace: string;
  pod: string;
  /** Name of the container; '' for the pod's only one. */
  container: string;
  command: readonly string[];
}

/** How a process ended. */
export interface ExecExit {
  /** Undefined for a process that never ran, or whose exit code is not known. */
  code: number | undefined;
  /** What the Kubernetes API says about the end; '' for success. */
  message: string;
}

/** Takes the output of a process. */
export interface ExecHandlers {
  output(chunk: Buffer): void;
  /** Called when everything that was written has been sent. */
  drained(): void;
}

function exitOf(status: Buffer): ExecExit {
  try {
    const parsed = JSON.parse(status.toString());
    if (parsed.status === 'Success') {
      return { code: 0, message: '' };
    }

    const cause = parsed.details?.causes?.find(
      ({ reason }: { reason?: string }) => reason === 'ExitCode',
    );
    const code = parsed.reason === 'NonZeroExitCode' ? Number(cause?.message) : Number.NaN;

    return {
      code: Number.isInteger(code) ? code : undefined,
      message: String(parsed.message ?? parsed.reason ?? ''),
    };
  } catch {
    return { code: undefined, message: 'the Kubernetes API ended it without a reason' };
  }
}

/** A process with a terminal in a container (`pods/exec` over WebSocket). */
export class Exec {
  /** Resolves when the process has ended, also because of `close`. */
  readonly exited: Promise<ExecExit>;
  readonly #socket: WebSocket;
  readonly #handlers: ExecHandlers;

  private constructor(socket: WebSocket, handlers: ExecHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;

    this.exited = new Promise((resolve) => {
      socket.on('message', (data: RawData) => {
        const message = data as Buffer;
        const channel = message[0];
        if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) {
          if (message.byteLength > 1) {
            handlers.output(message.subarray(1));
          }
        } else if (channel === CHANNEL.status) {
          resolve(exitOf(message.subarray(1)));
        }
      });

      socket.on('close', () =>
        resolve({ code: undefined, message: 'the connection to the container is lost' }),
      );
    });

    socket.resume();
  }

  /**
   * Starts a process. Rejects with the StatusError of the Kubernetes API; a program that does not
   * exist shows in the exit code.
   */
  static async open(
    transport: KubeTransport,
    target: ExecTarget,
    handlers: ExecHandlers,
    signal: AbortSignal,
  ): Promise<Exec> {
    const { namespace, pod, container, command } = target;
    const query = new URLSearchParams(queryOf({ container, stdin: true, stdout: true, tty: true }));

    for (const word of command) {
      query.append('command', word);
    }

    const url = `${resourcePath(PODS, namespace, pod, 'exec')}?${query}`;

    return new Exec(await transport.webSocket(url, PROTOCOLS, signal), handlers);
  }

  /** The connection, for pings. */
  get socket(): WebSocket {
    return this.#socket;
  }

  /** Bytes that wait to be sent. */
  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends input to the process. */
  write(data: Uint8Array): void {
    for (let at = 0; at < data.byteLength; at += CHUNK) {
      this.#send(CHANNEL.stdin, data.subarray(at, at + CHUNK));
    }
  }

  /** Sets the size of the process's terminal, in characters. */
  resize(columns: number, rows: number): void {
    this.#send(CHANNEL.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
  }

  #send(channel: number, data: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      return;
    }

    const message = Buffer.allocUnsafe(data.byteLength + 1);
    message[0] = channel;
    message.set(data, 1);

    this.#socket.send(message, () => {
      if (this.#socket.bufferedAmount === 0) {
        this.#handlers.drained();
      }
    });
  }

  /** Stops reading output until `resume` is called. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection, and with it the process: a shell also sees the end of its input. */
  close(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      return;
    }

    this.#send(CHANNEL.stdin, Uint8Array.of(END_OF_TRANSMISSION));

    if (this.#socket.protocol === PROTOCOLS[0]) {
      this.#send(CHANNEL.close, Uint8Array.of(CHANNEL.stdin));
    }

    this.#socket.resume();
    this.#socket.close(1000);
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }
}
