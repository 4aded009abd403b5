import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { AuditEvent } from './audit-event.ts';

/** Where audit records go; resolves when they are kept there. */
export interface AuditSink {
  append(events: readonly AuditEvent[]): Promise<void>;
}

/** Limits of a queue; times in milliseconds. */
export interface AuditQueueOptions {
  maxEvents: number;
  maxBytes: number;
  /** Records that are delivered at once. */
  batch: number;
  /** How long a record waits for others that go with it; 0 where somebody waits for it. */
  lingerMs: number;
  /** Deliveries that are under way at once. */
  concurrency: number;
  /** Pauses before a failed delivery is tried again; when they are used up, it is dropped. */
  retryPauses: readonly number[];
  /** Is told of records that are lost, and why. */
  onDrop: (count: number, why: string) => void;
}

interface Waiting {
  event: AuditEvent;
  bytes: number;
  done: () => void;
}

/** Share of the queue that records of callers without a log-in may take. */
const ANONYMOUS_SHARE = 0.5;

function isAnonymous({ User }: AuditEvent): boolean {
  return User.Groups?.includes('system:unauthenticated') ?? false;
}

/**
 * Delivers records in batches, in their order where deliveries are made one at a time. The queue is
 * bounded: what does not fit, and what cannot be delivered, is dropped and reported.
 */
export class AuditQueue {
  readonly #sink: AuditSink;
  readonly #options: AuditQueueOptions;
  readonly #stopped = new AbortController();
  #waiting: Waiting[] = [];
  #bytes = 0;
  #running = 0;
  #idle: (() => void)[] = [];
  #lingering: NodeJS.Timeout | undefined;

  constructor(sink: AuditSink, options: AuditQueueOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Adds a record of a size in bytes; resolves when it is delivered or dropped. */
  add(event: AuditEvent, bytes: number): Promise<void> {
    const { maxEvents, maxBytes, onDrop } = this.#options;
    const share = isAnonymous(event) ? ANONYMOUS_SHARE : 1;

    if (
      this.#waiting.length >= maxEvents * share ||
      (this.#bytes > 0 && this.#bytes + bytes > maxBytes * share)
    ) {
      onDrop(1, 'the queue is full');
      return Promise.resolve();
    }

    return new Promise((done) => {
      this.#waiting.push({ event, bytes, done });
      this.#bytes += bytes;
      this.#linger();
    });
  }

  /** Delivers at once what fills a batch, and the rest soon. */
  #linger(): void {
    const { batch, lingerMs } = this.#options;

    if (lingerMs === 0 || this.#waiting.length >= batch) {
      this.#deliver();
    } else {
      this.#lingering ??= setTimeout(() => this.#deliver(), lingerMs).unref();
    }
  }

  /** Resolves when nothing waits any more, or after a time in milliseconds. */
  async flush(ms: number): Promise<void> {
    this.#deliver();

    if (this.#running > 0) {
      const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
      await Promise.race([idle, sleep(ms, undefined, { ref: false })]);
    }
  }

  /** Gives up deliveries that wait for another try. */
  stop(): void {
    this.#stopped.abort();
  }

  #deliver(): void {
    const { batch, concurrency } = this.#options;

    clearTimeout(this.#lingering);
    this.#lingering = undefined;

    while (this.#waiting.length > 0 && this.#running < concurrency) {
      const next = this.#waiting.splice(0, batch);

      this.#running++;

      void this.#send(next.map(({ event }) => event)).then(() => {
        this.#running--;

        for (const { bytes, done } of next) {
          this.#bytes -= bytes;
          done();
        }

        this.#deliver();
        this.#reportIdle();
      });
    }
  }

  #reportIdle(): void {
    if (this.#running === 0) {
      for (const resolve of this.#idle.splice(0)) {
        resolve();
      }
    }
  }

  /** Delivers a batch; never rejects. */
  async #send(events: readonly AuditEvent[]): Promise<void> {
    const { retryPauses, onDrop } = this.#options;

    for (let tries = 0; ; tries++) {
      try {
        return await this.#sink.append(events);
      } catch (error) {
        const pause = retryPauses[tries];
        if (pause === undefined || this.#stopped.signal.aborted) {
          onDrop(events.length, messageOf(error));
          return;
        }

        await sleep(pause, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {});
      }
    }
  }
}
