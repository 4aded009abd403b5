import type { RangeFunction } from '../windows.ts';
import { overTime } from './over-time.ts';
import { rates } from './rates.ts';
import { trends } from './trends.ts';

/** The functions of a range vector. */
export const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map([
  ...overTime,
  ...rates,
  ...trends,
]);
