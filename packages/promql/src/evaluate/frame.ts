import type { Subquery, TimeShift } from '../syntax/expression.ts';

/** The times at which an expression is evaluated, in milliseconds. */
export interface Frame {
  readonly start: number;
  readonly interval: number;
  readonly steps: number;
}

/** Times that do not change inside of subqueries, in milliseconds. */
export interface QueryTimes {
  readonly start: number;
  readonly end: number;
}

/** Returns the time of a step. */
export const timeAt = ({ start, interval }: Frame, step: number): number => start + step * interval;

/** The times that a selector or subquery looks at: from the first step's to the last one's. */
export interface References {
  readonly first: number;
  readonly last: number;
  /** 0 where all steps look at the same time. */
  readonly interval: number;
}

/** Returns the times that each step looks at. */
export function references(frame: Frame, { offset, at }: TimeShift, query: QueryTimes): References {
  if (at !== undefined) {
    const time = (typeof at === 'number' ? at : query[at]) - offset;
    return { first: time, last: time, interval: 0 };
  }

  return {
    first: frame.start - offset,
    last: timeAt(frame, frame.steps - 1) - offset,
    interval: frame.interval,
  };
}

/** Returns the times at which a subquery evaluates its expression: multiples of its step. */
export function subqueryFrame(
  { range }: Subquery,
  { first, last }: References,
  interval: number,
): Frame {
  const start = Math.ceil((first - range) / interval) * interval + 0;
  const steps = Math.max(0, Math.floor((last - start) / interval) + 1);

  return { start, interval, steps };
}
