import type { TransferListItem, Worker } from 'node:worker_threads';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { QueryError } from '@ks-apiserver/promql/query-api';
import type { StoreLog } from '../store/store-options.ts';
import type { Answer, Call, FromWorker, ToWorker } from './messages.ts';

/** First and longest pause before a worker that ended is started again, in milliseconds. */
const RESTART = { firstMs: 1000, longestMs: 60_000 };

/** How long a worker must live to be started again without a longer pause, in milliseconds. */
const STEADY_MS = 300_000;

interface Pending {
  resolve: (answer: Answer) => void;
  reject: (error: QueryError) => void;
}

/** What a thread works with. */
export interface ThreadOptions {
  /** Starts a worker. */
  readonly start: () => Worker;
  readonly log: StoreLog;
  /** Called each time that a worker is ready; it knows nothing of what others were told. */
  readonly ready: () => void;
}

/** How a call is made. */
export interface CallOptions {
  /** Longest time that the caller waits, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Memory that the worker gets. */
  readonly transfer?: readonly TransferListItem[];
}

/**
 * The thread of the metrics store. When it ends by itself, calls in progress fail and it is started
 * again after a while.
 */
export class WorkerThread {
  readonly #options: ThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #isReady = false;
  #isStopped = false;
  #nextId = 1;
  #pauseMs = RESTART.firstMs;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#start();
  }

  /** Whether the store is open. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Makes a call; rejects with a QueryError. */
  async call(call: Call, { timeoutMs, signal, transfer }: CallOptions): Promise<Answer> {
    const worker = this.#worker;
    if (!worker || !this.#isReady) {
      throw new QueryError('unavailable', 'the metrics store is starting');
    }

    const id = this.#nextId;
    const deadline = new Deadline(timeoutMs, ...(signal ? [signal] : []));

    this.#nextId += 1;

    try {
      return await new Promise<Answer>((resolve, reject) => {
        const giveUp = () => {
          worker.postMessage({ cancel: id } satisfies ToWorker);
          reject(givenUp(deadline.signal.reason));
        };

        if (deadline.signal.aborted) {
          reject(givenUp(deadline.signal.reason));
          return;
        }

        deadline.signal.addEventListener('abort', giveUp, { once: true });
        this.#pending.set(id, { resolve, reject });
        worker.postMessage({ id, call } satisfies ToWorker, transfer);
      });
    } finally {
      this.#pending.delete(id);
      deadline.end();
    }
  }

  /** Has the worker write what it has, and ends it. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);

    if (this.#isReady) {
      await this.call({ kind: 'stop' }, { timeoutMs }).catch((error) =>
        this.#options.log.warn(`the metrics store could not be closed: ${messageOf(error)}`),
      );
    }

    await this.#worker?.terminate();
  }

  #start(): void {
    const worker = this.#options.start();

    this.#worker = worker;
    this.#startedAt = performance.now();

    worker.on('message', (message: FromWorker) => this.#take(message));
    worker.on('error', (error) => {
      this.#options.log.warn(`the metrics store failed: ${messageOf(error)}`);
    });
    worker.on('exit', () => this.#ended());
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        this.#options.ready();
        break;
      case 'answer':
        this.#pending.get(message.id)?.resolve(message.answer);
        break;
      case 'failure': {
        const { type, message: text } = message.failure;
        this.#pending.get(message.id)?.reject(new QueryError(type, text));
        break;
      }
      case 'log':
        this.#options.log[message.level](message.message);
    }
  }

  #ended(): void {
    this.#worker = undefined;
    this.#isReady = false;

    for (const { reject } of this.#pending.values()) {
      reject(new QueryError('unavailable', 'the metrics store has ended'));
    }

    if (this.#isStopped) {
      return;
    }

    const isSteady = performance.now() - this.#startedAt > STEADY_MS;
    this.#pauseMs = isSteady ? RESTART.firstMs : this.#pauseMs;

    this.#options.log.warn(`the metrics store is started again in ${this.#pauseMs} ms`);
    this.#restart = setTimeout(() => this.#start(), this.#pauseMs);
    this.#restart.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, RESTART.longestMs);
  }
}

function givenUp(reason: unknown): QueryError {
  return reason instanceof Error && reason.name === 'TimeoutError'
    ? new QueryError('timeout', 'the query took too long')
    : new QueryError('canceled', 'the query was canceled');
}
