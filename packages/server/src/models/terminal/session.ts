import { StringDecoder } from 'node:string_decoder';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Exec, ExecExit, ExecHandlers } from '@ks-apiserver/client/kube/exec';
import type { WebSocket } from 'ws';
import { CLOSE, reasonOf } from './close.ts';
import { makeFrame, parseFrame } from './frames.ts';
import { startHeartbeat } from './heartbeat.ts';

/** Bytes on the way to one side after which the other side is no longer read. */
const HIGH_WATER = 256 * 1024;

/** How long the other side may take to answer a close frame, in milliseconds. */
const CLOSE_MS = 2000;

/** How long input waits for the shell's first output, and after it, in milliseconds. */
const SILENT_MS = 1000;
const SETTLE_MS = 150;

/** Longest notice, in characters. */
const LONGEST_NOTICE = 2000;

/** How soon a missing shell ends, in milliseconds. */
const EARLY_MS = 5000;

/** Exit codes for a command that does not exist or cannot run. */
const NOT_FOUND = new Set([126, 127]);
const LONGEST_TIMER = 2 ** 31 - 1;

/** Limits of one terminal, in milliseconds; 0 for none. */
export interface TerminalLimits {
  /** Time without input. */
  idleTimeout: number;
  /** Total time. */
  maxAge: number;
  pingInterval: number;
}

/** Starts a shell in the container. Rejects with the StatusError of the Kubernetes API. */
export type StartShell = (
  shell: string,
  handlers: ExecHandlers,
  signal: AbortSignal,
) => Promise<Exec>;

/**
 * An open terminal between a client's WebSocket and a process; neither side is read faster than the
 * other one takes.
 */
export class TerminalSession {
  readonly #client: WebSocket;
  readonly #limits: TerminalLimits;
  readonly #isNews: (text: string) => boolean;
  readonly #decoder = new StringDecoder('utf8');
  readonly #ended = new AbortController();
  readonly #cleanUp: (() => void)[] = [];
  readonly #clientLives: () => void;
  #exec: Exec | undefined;
  #execPaused = false;
  #clientPaused = false;
  #typed = false;
  /** Called at the shell's first output. */
  #onFirstOutput: () => void = () => {};
  #lastInput = performance.now();

  /** Takes over a WebSocket; `isNews` says whether to show the reason for its end. */
  constructor(
    client: WebSocket,
    limits: TerminalLimits,
    isNews: (text: string) => boolean = () => true,
  ) {
    this.#client = client;
    this.#limits = limits;
    this.#isNews = isNews;

    // Input waits for the shell.
    this.#pauseClient();
    client.on('error', () => client.terminate());
    client.on('close', () => this.#finish());
    client.on('message', (data) => this.#onFrame(String(data)));

    const beat = startHeartbeat(client, limits.pingInterval, {
      excused: () => this.#clientPaused,
      dead: () => client.terminate(),
    });

    this.#cleanUp.push(beat.stop);
    this.#clientLives = beat.alive;
    this.#watchIdle();

    if (limits.maxAge > 0) {
      this.#after(limits.maxAge, () =>
        this.end(CLOSE.policy, 'the terminal was open for too long'),
      );
    }
  }

  /**
   * Runs the first shell that exists, to its end. Never rejects: errors are sent to the client.
   */
  async run(shells: readonly string[], container: string, start: StartShell): Promise<void> {
    let failure = '';

    try {
      for (const shell of shells) {
        const { code, message, early } = await this.#runShell(shell, start);

        if (this.#ended.signal.aborted) {
          return;
        }

        const absent = early && (code === undefined || NOT_FOUND.has(code));
        if (!absent && code !== undefined) {
          return this.#finishWith(code);
        }

        failure = message;

        if (!absent) {
          return this.end(CLOSE.failed, message);
        }
      }

      const where = container === '' ? 'the container' : `container ${container}`;
      this.end(CLOSE.failed, `${shells.join(' and ')} cannot be started in ${where}: ${failure}`);
    } catch (error) {
      this.end(CLOSE.failed, toStatusError(error).message);
    }
  }

  /** Runs a shell to its end; `early` says that it ended soon, and before any input. */
  async #runShell(shell: string, start: StartShell): Promise<ExecExit & { early: boolean }> {
    const handlers = {
      output: (chunk: Buffer) => this.#onOutput(chunk),
      drained: () => this.#resumeClient(),
    };

    const exec = await start(shell, handlers, this.#ended.signal);
    this.#exec = exec;

    if (this.#ended.signal.aborted) {
      exec.close();
    }

    this.#typed = false;

    const since = performance.now();

    const beat = startHeartbeat(exec.socket, this.#limits.pingInterval, {
      excused: () => this.#execPaused || exec.buffered > 0,
      dead: () => exec.socket.terminate(),
    });

    // Input waits, so that a shell that does not exist cannot swallow it; runtimes like Docker's
    // report that in the output.
    let settled = setTimeout(() => this.#resumeClient(), SILENT_MS);
    this.#onFirstOutput = () => {
      this.#onFirstOutput = () => {};
      clearTimeout(settled);
      settled = setTimeout(() => this.#resumeClient(), SETTLE_MS);
    };

    const exit = await exec.exited;

    clearTimeout(settled);
    beat.stop();

    return { ...exit, early: !this.#typed && performance.now() - since < EARLY_MS };
  }

  #onOutput(chunk: Buffer): void {
    this.#onFirstOutput();

    const text = this.#decoder.write(chunk);
    if (text === '' || this.#ended.signal.aborted) {
      return;
    }

    this.#client.send(makeFrame('stdout', text), () => {
      if (!this.#execPaused) {
        return;
      }

      // A slow reader may need longer than the ping interval.
      this.#clientLives();

      if (this.#client.bufferedAmount > 0) {
        return;
      }

      this.#execPaused = false;
      this.#exec?.resume();
    });

    if (this.#client.bufferedAmount > HIGH_WATER && !this.#execPaused) {
      this.#execPaused = true;
      this.#exec?.pause();
    }
  }

  #onFrame(text: string): void {
    if (this.#ended.signal.aborted) {
      return;
    }

    try {
      const input = parseFrame(text);
      if (input.op === 'stdin') {
        this.#lastInput = performance.now();
        this.#typed = true;
        this.#exec?.write(Buffer.from(input.data));
      } else if (input.columns > 0 && input.rows > 0) {
        this.#exec?.resize(input.columns, input.rows);
      }
    } catch (error) {
      this.end(CLOSE.unsupported, toStatusError(error).message);
    }

    if (this.#exec && this.#exec.buffered > HIGH_WATER) {
      this.#pauseClient();
    }
  }

  #pauseClient(): void {
    this.#clientPaused = true;
    this.#client.pause();
  }

  #resumeClient(): void {
    this.#clientPaused = false;
    this.#client.resume();
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(act, Math.min(ms, LONGEST_TIMER));
    timer.unref();
    this.#cleanUp.push(() => clearTimeout(timer));
  }

  #watchIdle(): void {
    const { idleTimeout } = this.#limits;
    if (idleTimeout <= 0) {
      return;
    }

    const left = this.#lastInput + idleTimeout - performance.now();
    if (left <= 0) {
      this.end(CLOSE.policy, 'nothing was typed for too long');
    } else {
      this.#after(left, () => this.#watchIdle());
    }
  }

  #finishWith(code: number): void {
    this.#close(
      CLOSE.normal,
      code === 0 ? 'the shell has ended' : `the shell has ended with code ${code}`,
    );
  }

  /** Ends the terminal and sends the client the reason: in the terminal and in the close frame. */
  end(code: number, why: string): void {
    if (this.#ended.signal.aborted) {
      return;
    }

    // The reason is shown in a terminal, where control characters have effects.
    const reason = why.slice(0, LONGEST_NOTICE).replace(/\p{Cc}+/gu, ' ');
    const isOpen = this.#client.readyState === this.#client.OPEN;
    if (isOpen && this.#isNews(reason)) {
      this.#client.send(makeFrame('toast', `\r\n${reason}\r\n`));
    }

    this.#close(code, reason);
  }

  #close(code: number, reason: string): void {
    if (this.#ended.signal.aborted) {
      return;
    }

    this.#finish();
    this.#client.close(code, reasonOf(reason));

    // The client's close frame must be read; other frames are ignored from now on.
    this.#resumeClient();
    setTimeout(() => this.#client.terminate(), CLOSE_MS).unref();
  }

  #finish(): void {
    if (this.#ended.signal.aborted) {
      return;
    }

    this.#ended.abort();

    for (const cleanUp of this.#cleanUp.splice(0)) {
      cleanUp();
    }

    this.#exec?.close();
  }
}
