import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { QueryError } from '@ks-apiserver/promql/query-api';
import { Collector } from '../collect/collector.ts';
import type { Answer, Call, FromWorker, RoundEnd, ToWorker, WorkerOptions } from './messages.ts';
import { packedAnswer } from './query-calls.ts';

/** Answers the main thread's calls, in the worker. */
export class WorkerService {
  readonly #collector: Collector;
  readonly #send: (message: FromWorker) => void;
  readonly #running = new Map<number, AbortController>();

  private constructor(collector: Collector, send: (message: FromWorker) => void) {
    this.#collector = collector;
    this.#send = send;
  }

  /** Opens the store and tells that it is ready. */
  static async start(
    { store, collector }: WorkerOptions,
    send: (message: FromWorker) => void,
  ): Promise<WorkerService> {
    const log = {
      info: (message: string) => send({ kind: 'log', level: 'info', message }),
      warn: (message: string) => send({ kind: 'log', level: 'warn', message }),
    };
    const service = new WorkerService(await Collector.open({ ...store, log }, collector), send);

    send({ kind: 'ready' });

    return service;
  }

  /** Takes a message of the main thread; a call is answered when its work is done. */
  async take(message: ToWorker): Promise<void> {
    if ('cancel' in message) {
      this.#running.get(message.cancel)?.abort();
      return;
    }

    const { id, call } = message;
    const controller = new AbortController();

    this.#running.set(id, controller);

    try {
      this.#send({ kind: 'answer', id, answer: await this.#answer(call, controller.signal) });
    } catch (error) {
      const type = error instanceof QueryError ? error.type : 'internal';
      this.#send({ kind: 'failure', id, failure: { type, message: messageOf(error) } });
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(call: Call, signal: AbortSignal): Promise<Answer> {
    switch (call.kind) {
      case 'objects':
        this.#collector.apply(call.of, call.changes);
        break;
      case 'begin':
        await this.#collector.begin(call.time);
        break;
      case 'page':
        this.#collector.add(call.page);
        break;
      case 'end':
        await this.#collector.end(call.time);
        return this.#roundEnd();
      case 'query':
        return packedAnswer(this.#collector.queries, call.query, signal);
      case 'stop':
        await this.#collector.close();
    }

    return { kind: 'done' };
  }

  #roundEnd(): RoundEnd {
    return {
      kind: 'round',
      figures: this.#collector.figures,
      heapBytes: process.memoryUsage().heapUsed,
    };
  }
}
