import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  KubeTransport,
  Upgraded,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { WebSocket } from 'ws';

/** Calls to one member at the same time, and how many more may wait. */
const MAX_CALLS = 256;
const MAX_WAITING = 1024;

/** After so many failures in a row calls are refused at once, for this long in milliseconds. */
const FAILURES = 5;
const PAUSE_MS = 5000;

function unavailable(cluster: string, why: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', `cluster ${cluster} ${why}`);
}

/**
 * The connection to a member cluster: a member that is slow or gone costs its own callers alone.
 * Calls beyond a limit wait or are refused, and after some failures all are refused for a moment.
 */
export class MemberConnection implements KubeTransport {
  readonly #cluster: string;
  readonly #transport: KubeTransport;
  readonly #slots: Slots;
  #failures = 0;
  #openAgainAt = 0;

  constructor(cluster: string, transport: KubeTransport) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#slots = new Slots(MAX_CALLS, MAX_WAITING, () =>
      unavailable(cluster, 'has too many calls: try again later'),
    );
  }

  /** Makes a call. Rejects with a StatusError 502 or 503 that names the cluster. */
  request(request: KubeRequest): Promise<KubeResponse> {
    return this.#guarded(request.signal, () => this.#transport.request(request));
  }

  /** Asks for a protocol upgrade; returns the connection, or the member's answer. */
  upgrade(request: KubeRequest): Promise<Upgraded | KubeResponse> {
    return this.#guarded(request.signal, () => this.#transport.upgrade(request));
  }

  /**
   * Opens a WebSocket of this server itself. Rejects with what the member answers, which may be a
   * failure of the process that was asked for and says nothing about the member.
   */
  webSocket(url: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket> {
    return this.#inSlot(signal, () => this.#transport.webSocket(url, protocols, signal));
  }

  /** Ends all calls. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Makes a call in a slot, and counts failures. */
  #guarded<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    return this.#inSlot(signal, async () => {
      try {
        const answer = await call();
        this.#failures = 0;
        return answer;
      } catch (error) {
        throw this.#failure(error, signal);
      }
    });
  }

  /** Slots are held until the headers of an answer are there: watches may go on for hours. */
  async #inSlot<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#openAgainAt) {
      throw unavailable(this.#cluster, 'cannot be reached: try again in a few seconds');
    }

    const release = await this.#slots.take(signal);

    try {
      return await call();
    } finally {
      release();
    }
  }

  #failure(error: unknown, signal: AbortSignal | undefined): unknown {
    // A caller that goes away, or whose body is bad, says nothing about the member.
    if (signal?.aborted || (error instanceof StatusError && error.code < 500)) {
      return error;
    }

    this.#failures += 1;

    if (this.#failures >= FAILURES) {
      this.#failures = 0;
      this.#openAgainAt = performance.now() + PAUSE_MS;
    }

    return new StatusError(
      502,
      'BadGateway',
      `cluster ${this.#cluster} cannot be reached`,
      undefined,
      { cause: error },
    );
  }
}
