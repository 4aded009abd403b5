import { readFileSync } from 'node:fs';
import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { Agent, type Dispatcher } from 'undici';

/** Where a server is that calls go on to, and what one call may cost. */
export interface UpstreamOptions {
  /** Scheme, host and, where the server is not at the root, a path. */
  url: string;
  /** Longest wait for the headers of an answer, and between two pieces of it, in milliseconds. */
  timeoutMs: number;
  /** Calls at the same time; as many times four may wait. */
  maxConnections: number;
  /** File with certificates (PEM) of the authorities that are trusted, instead of those of Node. */
  caFile?: string;
}

/** One call. */
export interface UpstreamCall {
  method: string;
  /** Path and query as they are sent, below the path of the server. */
  path: string;
  headers?: Readonly<Record<string, string | string[]>>;
  body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Ends the call, and the body of its answer. */
  signal?: AbortSignal;
}

/** The answer of a server, whatever its status: redirects are answers like any other. */
export interface UpstreamAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes as they come; the call holds its connection until they are read or the call ends. */
  body: AsyncIterable<Uint8Array>;
}

/** Why a server gave no answer that can be used. */
export type UpstreamFailure = 'unavailable' | 'timeout' | 'canceled' | 'too-large' | 'busy';

/** A server gave no answer that can be used; the message names its host, and no credentials. */
export class UpstreamError extends Error {
  readonly kind: UpstreamFailure;

  constructor(kind: UpstreamFailure, message: string) {
    super(message);
    this.name = 'UpstreamError';
    this.kind = kind;
  }
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Calls that may wait for each one that runs. */
const WAITING_PER_CONNECTION = 4;

const TIMEOUTS = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Longest text that `readText` reads, in bytes. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/**
 * A server beside Kubernetes, such as Jenkins or Jaeger. Certificates are verified, redirects are
 * never followed, bodies stream in both directions, and calls beyond a limit wait or are refused.
 */
export class Upstream {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #slots: Slots;

  /** Throws a TypeError when the URL is none, and an Error when the file cannot be read. */
  constructor({ url, timeoutMs, maxConnections, caFile = '' }: UpstreamOptions) {
    this.#url = new URL(url);

    if (!/^https?:$/.test(this.#url.protocol)) {
      throw new TypeError(`"${this.#url.protocol}" is not supported: use http or https`);
    }

    this.#url.pathname = this.#url.pathname.replace(/\/+$/, '');

    this.#agent = new Agent({
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(caFile !== '' && { ca: readFileSync(caFile, 'utf8') }),
      },
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });

    this.#slots = new Slots(
      maxConnections,
      maxConnections * WAITING_PER_CONNECTION,
      () => new UpstreamError('busy', `too many calls wait for ${this.#url.host}: try again later`),
    );
  }

  /** Scheme, host and port, as messages may show them. */
  get origin(): string {
    return this.#url.origin;
  }

  /**
   * Makes a call. Rejects with an UpstreamError when there is no answer, and with a StatusError that
   * the body throws.
   */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    const { method, path, headers = {}, body, signal } = call;
    const release = await this.#turn(signal);

    try {
      const answer = await this.#agent.request({
        origin: this.#url.origin,
        path: (this.#url.pathname === '/' ? '' : this.#url.pathname) + path,
        method: method as Dispatcher.HttpMethod,
        headers: { ...headers },
        body: (body ?? null) as Dispatcher.DispatchOptions['body'] & null,
        signal: signal ?? null,
      });

      answer.body.once('close', release);

      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: this.#pieces(answer.body, call),
      };
    } catch (error) {
      release();
      throw this.#failure(error, call);
    }
  }

  /** Ends all calls and closes the connections. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #turn(signal: AbortSignal | undefined): Promise<() => void> {
    try {
      return await this.#slots.take(signal);
    } catch (error) {
      if (error instanceof UpstreamError) {
        throw error;
      }
      throw new UpstreamError('canceled', 'the caller went away');
    }
  }

  async *#pieces(body: AsyncIterable<Uint8Array>, call: UpstreamCall): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw this.#failure(error, call);
    }
  }

  /** Returns the error of a call; one of its own body stays what it is. */
  #failure(error: unknown, { method, path, signal }: UpstreamCall): Error {
    if (error instanceof StatusError) {
      return error;
    }
    if (signal?.aborted) {
      return new UpstreamError('canceled', 'the caller went away');
    }

    const [shown = ''] = path.split('?', 1);
    const call = `${method} ${this.#url.origin}${this.#url.pathname === '/' ? '' : this.#url.pathname}${shown}`;
    const code = (error as { code?: unknown }).code;

    return typeof code === 'string' && TIMEOUTS.has(code)
      ? new UpstreamError('timeout', `${call}: no answer in time`)
      : new UpstreamError('unavailable', `${call}: ${messageOf(error)}`);
  }
}

/** How much of an answer is read. */
export interface ReadOptions {
  /** Longest body in bytes; default 16 MB. */
  maxBytes?: number;
}

/**
 * Reads the body of an answer as text (UTF-8). Rejects with an UpstreamError when it is too long or
 * breaks off.
 */
export async function readText(
  { body }: UpstreamAnswer,
  { maxBytes = MAX_TEXT_BYTES }: ReadOptions = {},
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;

  for await (const piece of body) {
    size += piece.byteLength;

    if (size > maxBytes) {
      throw new UpstreamError('too-large', `the answer has more than ${maxBytes} bytes`);
    }

    pieces.push(piece);
  }

  return Buffer.concat(pieces, size).toString();
}

/** Lets an answer go whose body nobody reads: its connection serves the next call. */
export async function discard({ body }: UpstreamAnswer): Promise<void> {
  for await (const _ of body) {
    break;
  }
}
