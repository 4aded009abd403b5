import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { Agent } from 'undici';
import { SearchError, tooManySearches } from '../query/search-backend.ts';
import { type Host, parseHosts } from './hosts.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** Requests at the same time, to one cluster, and how many more may wait. */
const MAX_REQUESTS = 32;
const MAX_WAITING = 256;

/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Where a cluster is and how the server logs in there. */
export interface ConnectionOptions {
  /** Addresses, separated by commas: the next one is asked when one cannot be reached. */
  readonly hosts: string;
  readonly username?: string;
  readonly password?: string;
  /** Encoded API key; used instead of name and password. */
  readonly apiKey?: string;
  /** CA of the cluster's certificate, PEM; the system's CAs without it. */
  readonly ca?: string;
  /** How long a request may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** One request. */
export interface ClusterRequest {
  readonly method: 'GET' | 'DELETE';
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** Takes the bytes of an answer as they come. */
export type ChunkReader = (chunk: Uint8Array) => void;

function authorizationOf({ username = '', password = '', apiKey = '' }: ConnectionOptions): string {
  if (apiKey !== '') {
    return `ApiKey ${apiKey}`;
  }
  return username === '' ? '' : basicAuthorization(username, password);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Says what went wrong without naming addresses inside the cluster. */
function reasonOf(error: unknown): string {
  return (
    codeOf(error instanceof Error ? error.cause : undefined) ?? codeOf(error) ?? messageOf(error)
  );
}

/**
 * Connections to the hosts of an Elasticsearch or OpenSearch cluster. Certificates are verified,
 * redirects are answers like any other, and the number of requests at the same time is limited.
 */
export class ClusterConnection {
  readonly #hosts: readonly Host[];
  readonly #authorization: string;
  readonly #agent: Agent;
  readonly #timeoutMs: number;
  readonly #slots = new Slots(MAX_REQUESTS, MAX_WAITING, tooManySearches);
  /** The host that answered last. */
  #current = 0;

  /** Throws a TypeError for addresses that are none. */
  constructor(options: ConnectionOptions) {
    this.#hosts = parseHosts(options.hosts);
    this.#authorization = authorizationOf(options);
    this.#timeoutMs = options.timeoutMs;

    this.#agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, ...(options.ca && { ca: options.ca }) },
      connections: MAX_REQUESTS,
      pipelining: 1,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
  }

  /**
   * Makes a request and hands its answer on as it comes; returns the status. Rejects with a
   * SearchError when no host answers, when it takes too long or the answer is too long, or with the
   * signal's reason.
   */
  async request(request: ClusterRequest, read: ChunkReader, signal: AbortSignal): Promise<number> {
    const release = await this.#slots.take(signal);
    const deadline = new Deadline(this.#timeoutMs, signal);

    try {
      return await this.#tryHosts(request, read, deadline.signal);
    } catch (error) {
      signal.throwIfAborted();

      if (deadline.signal.aborted) {
        throw new SearchError('timeout', `no answer within ${this.#timeoutMs} ms`);
      }
      throw error;
    } finally {
      deadline.end();
      release();
    }
  }

  async #tryHosts(
    request: ClusterRequest,
    read: ChunkReader,
    signal: AbortSignal,
  ): Promise<number> {
    let failure: unknown;

    for (let tried = 0; tried < this.#hosts.length; tried++) {
      const index = (this.#current + tried) % this.#hosts.length;
      const host = this.#hosts[index];
      if (!host) {
        continue;
      }

      try {
        const answer = await this.#send(host, request, signal);
        this.#current = index;

        return await readAnswer(answer, read);
      } catch (error) {
        signal.throwIfAborted();

        if (error instanceof SearchError) {
          throw error;
        }
        failure = error;
      }
    }

    throw new SearchError('unavailable', reasonOf(failure), { cause: failure });
  }

  #send(host: Host, { method, path, body }: ClusterRequest, signal: AbortSignal) {
    const authorization = this.#authorization || host.authorization;

    return this.#agent.request({
      origin: host.origin,
      path: host.prefix + path,
      method,
      headers: {
        accept: 'application/json',
        ...(authorization !== '' && { authorization }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  }

  /** Ends requests in progress and idle connections. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

type Answer = Awaited<ReturnType<Agent['request']>>;

/** Reads an answer to its end; what breaks off here is not tried again, it was handed on in part. */
async function readAnswer({ statusCode, body }: Answer, read: ChunkReader): Promise<number> {
  let size = 0;

  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > MAX_ANSWER_BYTES) {
        throw new SearchError('unavailable', `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
      }

      read(chunk);
    }
  } catch (error) {
    throw error instanceof SearchError
      ? error
      : new SearchError('unavailable', reasonOf(error), { cause: error });
  }

  return statusCode;
}
