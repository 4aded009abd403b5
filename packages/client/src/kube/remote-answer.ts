import type { KubeBody, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { Dispatcher } from 'undici';

/**
 * Hop-by-hop headers of the answer (RFC 9110 section 7.6.1) that concern only our connection to the
 * API.
 */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'trailer',
]);

/** How many bytes of a body may wait for their reader before the API is told to pause. */
const HIGH_WATER = 256 * 1024;

type Controller = Dispatcher.DispatchController;

/**
 * The body of an answer, piece by piece as it arrives; the API is paused while its reader is slow.
 */
class Body implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #controller: Controller;
  #pieces: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#size += piece.byteLength;

    if (this.#size > HIGH_WATER) {
      this.#controller.pause();
    }

    this.#wake?.();
  }

  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Returns the whole body when all of it has arrived; undefined otherwise. */
  whole(): Uint8Array | undefined {
    if (!this.#ended || this.#error) {
      return undefined;
    }
    return this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) {
        this.#size -= piece.byteLength;

        if (this.#controller.paused && this.#size <= HIGH_WATER) {
          this.#controller.resume();
        }

        return { value: piece, done: false };
      }

      if (this.#error) {
        throw this.#error;
      }
      if (this.#ended) {
        return { value: undefined, done: true };
      }

      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** A reader that stops early ends the connection. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#ended) {
      this.#controller.abort(new Error('the body is not read to its end'));
    }
    return { value: undefined, done: true };
  }
}

/**
 * Receives one answer of a Kubernetes API: in one piece when it arrived at once, else as it comes.
 */
export class RemoteAnswer implements Dispatcher.DispatchHandler {
  /** Rejects when no answer came. */
  readonly response: Promise<KubeResponse>;
  #resolve!: (response: KubeResponse) => void;
  #reject!: (error: Error) => void;
  #body: Body | undefined;
  #controller: Controller | undefined;
  readonly #signal: AbortSignal | undefined;

  readonly #abort = () => {
    const reason = reasonOf(this.#signal);

    if (this.#controller) {
      this.#controller.abort(reason);
    }
    // The request waits for a free connection and must not keep its caller waiting.
    else {
      this.#reject(reason);
    }
  };

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;

    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });

    if (signal?.aborted) {
      this.#abort();
    } else {
      signal?.addEventListener('abort', this.#abort, { once: true });
    }
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#signal?.aborted) {
      this.#abort();
    }
  }

  onResponseStart(
    controller: Controller,
    status: number,
    received: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) {
      return;
    }

    const headers: Record<string, string | string[]> = {};

    for (const name in received) {
      const value = received[name];
      if (value !== undefined && !NOT_PASSED_ON.has(name)) {
        headers[name] = value;
      }
    }

    const body = new Body(controller);
    this.#body = body;

    // Wait until everything that arrived together has been read: mostly the whole object
    // has.
    setImmediate(() =>
      this.#resolve({ status, headers, body: body.whole() ?? (body satisfies KubeBody) }),
    );
  }

  onResponseData(_controller: Controller, piece: Buffer): void {
    this.#body?.push(piece);
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#end(error);
    if (!this.#body) {
      this.#reject(error);
    }
  }

  #end(error?: Error): void {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#body?.end(error);
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
