import type { Expression } from '../syntax/expression.ts';
import type { Budget } from './budget.ts';
import type { Labels } from './data/labels.ts';
import type { Column, Series } from './data/series.ts';
import type { Samples, SeriesSource } from './data/source.ts';
import type { Frame, QueryTimes } from './frame.ts';

/** What all parts of a query's evaluation work with. */
export interface Evaluation {
  readonly source: SeriesSource;
  readonly budget: Budget;
  readonly signal: AbortSignal | undefined;
  /** How old a sample may be, in milliseconds. */
  readonly lookback: number;
  /** The step of subqueries that name none, in milliseconds. */
  readonly subqueryStep: number;
  /** Times of `start()` and `end()`. */
  readonly times: QueryTimes;
}

/** Takes something that is only valid until it returns, or until its promise resolves. */
type Sink<T> = (labels: Labels, item: T) => Promise<void> | undefined;

/** Takes a series of an instant vector. */
export type SeriesSink = Sink<Column>;

/** Takes the samples of a series of a range vector. */
export type SamplesSink = Sink<Samples>;

/** Evaluates the operands and arguments of an expression. */
export interface Operands {
  readonly evaluation: Evaluation;

  /** Returns the series of an expression; they belong to the caller, who may change them. */
  vector(expression: Expression, frame: Frame): Promise<Series[]>;

  /** Returns the numbers of an expression. */
  scalar(expression: Expression, frame: Frame): Promise<Float64Array>;

  /** Passes on the series of an expression one by one, without holding all of them if possible. */
  each(expression: Expression, frame: Frame, sink: SeriesSink): Promise<void>;
}
