import { Worker } from 'node:worker_threads';
import { SearchError, type SearchFailure } from '../query/search-backend.ts';
import type {
  ResultOf,
  WorkerAnswer,
  WorkerCall,
  WorkerMessage,
  WorkerOptions,
  WorkerTask,
} from '../worker/protocol.ts';

/** A request to store that is no request. */
export class StoreSyntaxError extends Error {
  override name = 'StoreSyntaxError';
}

/** How long a thread may take to finish, in milliseconds. */
const CLOSE_MS = 8000;

interface Waiting {
  readonly receive: (answer: WorkerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** What a thread of the store is started with by its owner. */
export interface ThreadOptions extends Omit<WorkerOptions, 'ended'> {
  /** Path of the thread's program. */
  readonly program: string;
  readonly onNotice: (message: Exclude<WorkerMessage, { id: number }>) => void;
  /** Called when the thread has ended by itself. */
  readonly onExit: (error: Error) => void;
}

function errorOf(failure: SearchFailure | 'syntax', message: string): Error {
  return failure === 'syntax' ? new StoreSyntaxError(message) : new SearchError(failure, message);
}

/** A thread of the store, from the main thread's side. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #ended = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Waiting>();
  readonly #onNotice: ThreadOptions['onNotice'];
  readonly #exited: Promise<void>;
  #calls = 0;
  #isClosing = false;
  #hasExited = false;

  constructor({ program, onNotice, onExit, ...options }: ThreadOptions) {
    const workerData: WorkerOptions = { ...options, ended: this.#ended };
    this.#onNotice = onNotice;
    this.#worker = new Worker(program, { workerData });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));

    let failure = new Error('a thread of the store has ended');
    this.#worker.on('error', (error) => {
      failure = error;
    });

    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#hasExited = true;
        this.#fail(failure);
        if (!this.#isClosing) {
          onExit(failure);
        }
        resolve();
      });
    });
  }

  /** How many calls are not answered yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  #receive(message: WorkerMessage): void {
    if (!('id' in message)) {
      this.#onNotice(message);
      return;
    }

    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);

    if (message.type === 'result') {
      waiting?.receive(message);
    } else {
      waiting?.reject(errorOf(message.failure, message.message));
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new SearchError('unavailable', error.message, { cause: error }));
    }
    this.#waiting.clear();
  }

  /**
   * Gives the thread a task; resolves with its result. The buffers of `transfer` are gone here. When
   * the signal is aborted, the promise rejects with its reason, and a search ends soon.
   */
  call<T extends WorkerTask>(
    task: T,
    {
      deadline = Infinity,
      signal,
      transfer = [],
    }: { deadline?: number; signal?: AbortSignal; transfer?: ArrayBuffer[] } = {},
  ): Promise<ResultOf<T>> {
    this.#calls = (this.#calls % 0x7fff_ffff) + 1;

    const id = this.#calls;
    const call: WorkerCall = { id, task, deadline };

    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#hasExited) {
        throw new SearchError('unavailable', 'a thread of the store has ended');
      }

      const leave = () => {
        Atomics.store(this.#ended, 0, id);
        reject(signal?.reason);
      };

      const settle = () => signal?.removeEventListener('abort', leave);

      this.#waiting.set(id, {
        receive: (answer) => {
          settle();
          // Both sides are of the same version, so the result is that of the task.
          resolve(Reflect.get(answer, 'result'));
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });

      signal?.addEventListener('abort', leave, { once: true });
      this.#worker.postMessage(call, transfer);
    });
  }

  /** Lets the thread finish what it does, and ends it; soon, even if it does not finish. */
  async close(): Promise<void> {
    this.#isClosing = true;

    const late = setTimeout(() => this.#worker.terminate(), CLOSE_MS);
    await this.call({ type: 'close' }).catch(() => {});
    await this.#exited;
    clearTimeout(late);
  }
}
