import { Slots } from '@ks-apiserver/apimachinery/concurrency/slots';
import {
  type LabelSet,
  type MetricMetadata,
  type MetricQueries,
  QueryError,
  type QueryResult,
  type SteppedRange,
  type TimeRange,
} from '@ks-apiserver/promql/query-api';
import { type PackedAnswer, type QueryCall, resultOf, rowsOf } from './query-calls.ts';
import type { WorkerThread } from './worker-thread.ts';

/** Queries that are evaluated at once; they share one processor. */
const MAX_RUNNING = 8;

/** Queries that may wait for their turn; more are refused. */
const MAX_WAITING = 1000;

/** How long a query may take once it is its turn, in milliseconds. */
const TIMEOUT_MS = 120_000;

const EMPTY: PackedAnswer = { kind: 'rows', pieces: [] };

/** Answers queries with the store of a worker thread. */
export class WorkerQueries implements MetricQueries {
  readonly #thread: WorkerThread;
  readonly #slots = new Slots(
    MAX_RUNNING,
    MAX_WAITING,
    () => new QueryError('unavailable', 'too many metric queries are waiting'),
  );

  constructor(thread: WorkerThread) {
    this.#thread = thread;
  }

  query(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult> {
    return this.#result({ method: 'query', expression, time }, signal);
  }

  queryRange(expression: string, range: SteppedRange, signal?: AbortSignal): Promise<QueryResult> {
    return this.#result({ method: 'queryRange', expression, range }, signal);
  }

  series(
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly LabelSet[]> {
    return this.#rows<LabelSet>({ method: 'series', selectors, range }, signal);
  }

  labels(
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    return this.#rows<string>({ method: 'labels', selectors, range }, signal);
  }

  labelValues(
    label: string,
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    return this.#rows<string>({ method: 'labelValues', label, selectors, range }, signal);
  }

  targetMetadata(selector: string, signal?: AbortSignal): Promise<readonly MetricMetadata[]> {
    return this.#rows<MetricMetadata>({ method: 'targetMetadata', selector }, signal);
  }

  async #result(query: QueryCall, signal: AbortSignal | undefined): Promise<QueryResult> {
    return resultOf(await this.#call(query, signal));
  }

  async #rows<T>(query: QueryCall, signal: AbortSignal | undefined): Promise<readonly T[]> {
    return rowsOf<T>(await this.#call(query, signal));
  }

  async #call(query: QueryCall, signal: AbortSignal | undefined): Promise<PackedAnswer> {
    const release = await this.#turn(signal);

    try {
      const call = { kind: 'query', query } as const;
      const answer = await this.#thread.call(call, { timeoutMs: TIMEOUT_MS, signal });

      return answer.kind === 'round' || answer.kind === 'done' ? EMPTY : answer;
    } finally {
      release();
    }
  }

  /** Waits until it is a query's turn; returns what ends it. */
  async #turn(signal: AbortSignal | undefined): Promise<() => void> {
    try {
      return await this.#slots.take(signal);
    } catch (error) {
      throw error instanceof QueryError
        ? error
        : new QueryError('canceled', 'the query was canceled');
    }
  }
}
