import { QueryError, type QueryResult, type SteppedRange } from '../query-api.ts';
import { type Expression, typeOf } from '../syntax/expression.ts';
import { parseExpression } from '../syntax/parse.ts';
import { Budget, type Limits } from './budget.ts';
import type { SeriesSource } from './data/source.ts';
import { Evaluator } from './evaluator.ts';
import type { Frame, QueryTimes } from './frame.ts';
import { matrixResult, scalarResult, selectedSamples, vectorResult } from './results.ts';

/** How an engine evaluates; times in milliseconds. */
export interface EngineOptions extends Limits {
  /** How old a sample may be to be the value of its series. */
  readonly lookback: number;
  /** The step of subqueries that name none. */
  readonly subqueryStep: number;
}

/** Most steps of a range query. */
const MAX_STEPS = 11_000;

const defaults: EngineOptions = {
  // A day of 15,000 series with a sample a minute has 22 million; they are not held at once.
  maxSamples: 200_000_000,
  maxValues: 5_000_000,
  timeout: 120_000,
  lookback: 300_000,
  subqueryStep: 60_000,
};

const milliseconds = (seconds: number): number => Math.round(seconds * 1000);
const wrong = (message: string) => new QueryError('bad_data', message);

/** Returns the steps of a range query. */
function frameOf({ start, end, step }: SteppedRange): Frame {
  const first = milliseconds(start);
  const last = milliseconds(end);
  const interval = milliseconds(step);

  if (!(last >= first)) {
    throw wrong('invalid parameter "end": end timestamp must not be before start time');
  }

  if (!(interval > 0)) {
    throw wrong(
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  }

  const steps = Math.floor((last - first) / interval) + 1;

  if (steps > MAX_STEPS + 1) {
    throw wrong(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  }

  return { start: first, interval, steps };
}

const read = (expression: string | Expression): Expression =>
  typeof expression === 'string' ? parseExpression(expression) : expression;

/** Evaluates PromQL as Prometheus 2.42 does, on series from a source. */
export class Engine {
  readonly #source: SeriesSource;
  readonly #options: EngineOptions;

  constructor(source: SeriesSource, options: Partial<EngineOptions> = {}) {
    this.#source = source;
    this.#options = { ...defaults, ...options };
  }

  /**
   * Evaluates an expression at a time in Unix seconds.
   * @throws QueryError
   */
  async query(
    expression: string | Expression,
    time: number,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    const parsed = read(expression);
    const start = milliseconds(time);
    const frame: Frame = { start, interval: 1, steps: 1 };

    if (!Number.isFinite(start)) {
      throw wrong('invalid parameter "time": not a time');
    }

    if (parsed.kind === 'string') {
      return { resultType: 'string', result: [start / 1000, parsed.value] };
    }

    const evaluator = this.#evaluator({ start, end: start }, signal);
    const { budget } = evaluator.evaluation;

    if (parsed.kind === 'range' || parsed.kind === 'subquery') {
      return selectedSamples(evaluator, parsed, frame);
    }

    return typeOf(parsed) === 'scalar'
      ? scalarResult(await evaluator.scalar(parsed, frame), frame)
      : vectorResult(await evaluator.vector(parsed, frame), frame, budget);
  }

  /**
   * Evaluates an expression at each step of a range; the series are in the order of their labels.
   * @throws QueryError
   */
  async queryRange(
    expression: string | Expression,
    range: SteppedRange,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    const frame = frameOf(range);
    const parsed = read(expression);
    const type = typeOf(parsed);
    const times = { start: frame.start, end: milliseconds(range.end) };
    const evaluator = this.#evaluator(times, signal);

    if (type === 'matrix' || type === 'string') {
      const shown = type === 'matrix' ? 'range vector' : type;
      throw wrong(
        `invalid parameter "query": invalid expression type "${shown}" for range query, must be Scalar or instant Vector`,
      );
    }

    const series =
      type === 'scalar'
        ? await evaluator.vector({ kind: 'call', name: 'vector', args: [parsed] }, frame)
        : await evaluator.vector(parsed, frame);

    return matrixResult(series, frame, evaluator.evaluation.budget);
  }

  #evaluator(times: QueryTimes, signal: AbortSignal | undefined): Evaluator {
    const { lookback, subqueryStep } = this.#options;
    const budget = new Budget(this.#options, signal);

    return new Evaluator({ source: this.#source, budget, signal, lookback, subqueryStep, times });
  }
}
