import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import { METRIC_NAME } from '@ks-apiserver/promql/matching/matcher';
import { QueryError } from '@ks-apiserver/promql/query-api';
import {
  type BinaryOperator,
  type Expression,
  vectorSelector,
} from '@ks-apiserver/promql/syntax/expression';

/** Functions that tell the growth of a counter per second. */
export type RateFunction = 'rate' | 'irate';

/** Chooses series whose label has a value. */
export const equals = (name: string, value: string): Matcher => ({ name, op: '=', value });

/** Chooses series whose label has another value. */
export const differs = (name: string, value: string): Matcher => ({ name, op: '!=', value });

/** Chooses series whose label matches a regular expression as a whole. */
export const matches = (name: string, value: string): Matcher => ({ name, op: '=~', value });

/** Returns a number. */
export function number(value: number): Expression {
  return { kind: 'number', value };
}

/**
 * Returns the growth per second of a metric's series within a window of milliseconds. Throws a
 * QueryError for a window that is not longer than nothing, as Prometheus would.
 */
export function rate(
  metric: string,
  matchers: readonly Matcher[],
  windowMs: number,
  name: RateFunction = 'rate',
): Expression {
  if (!(windowMs > 0)) {
    throw new QueryError('bad_data', 'duration must be greater than 0');
  }

  const selector = vectorSelector([equals(METRIC_NAME, metric), ...matchers]);

  return { kind: 'call', name, args: [{ kind: 'range', selector, range: Math.round(windowMs) }] };
}

/** Returns the sum of series with equal labels. */
export function sum(expression: Expression, labels: readonly string[] = []): Expression {
  return {
    kind: 'aggregation',
    operator: 'sum',
    parameter: undefined,
    expression,
    clause: 'by',
    labels,
  };
}

/** Returns a call of a function. */
export function call(name: string, ...args: readonly Expression[]): Expression {
  return { kind: 'call', name, args };
}

/** Returns an operation on two vectors, or on a vector and a number. */
export function binary(left: Expression, operator: BinaryOperator, right: Expression): Expression {
  const isOfVectors = left.kind !== 'number' && right.kind !== 'number';

  return {
    kind: 'binary',
    operator,
    bool: false,
    matching: isOfVectors
      ? {
          cardinality: operator === 'or' ? 'many-to-many' : 'one-to-one',
          clause: 'ignoring',
          labels: [],
          include: [],
        }
      : undefined,
    left,
    right,
  };
}
