import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { SteppedRange } from '@ks-apiserver/promql/query-api';
import { parseGoDuration } from './go-duration.ts';

/** When a query is evaluated: at one time (Unix seconds), or at each step of a range. */
export type QueryTime =
  | { readonly instant: number; readonly range?: undefined }
  | { readonly range: SteppedRange; readonly instant?: undefined };

const DEFAULT_STEP_SECONDS = 600;

/** Largest value of Go's int64, which 3.0 reads times into. */
const MAX_INT64 = 2n ** 63n - 1n;

function parseSeconds(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }

  const seconds = BigInt(text.replace(/^\+/, ''));
  if (seconds > MAX_INT64 || seconds < -MAX_INT64 - 1n) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }

  return Number(seconds);
}

/**
 * Reads `start`, `end`, `step` and `time`: with both ends of a range the time is ignored; with
 * neither it defaults to now. Throws BadRequest.
 */
export function parseQueryTime(query: URLSearchParams): QueryTime {
  const start = query.get('start') ?? '';
  const end = query.get('end') ?? '';

  if (start === '' && end === '') {
    const time = query.get('time') ?? '';
    return { instant: time === '' ? Date.now() / 1000 : parseSeconds(time) };
  }

  if (start === '' || end === '') {
    throw badRequest("'time' and the combination of 'start' and 'end' are mutually exclusive.");
  }

  const step = query.get('step') ?? '';

  const range = {
    start: parseSeconds(start),
    end: parseSeconds(end),
    step: step === '' ? DEFAULT_STEP_SECONDS : parseGoDuration(step),
  };

  if (range.start > range.end) {
    throw badRequest("'start' must be before 'end'.");
  }

  return { range };
}

/**
 * Returns the part of a query's time in which a namespace exists that was created at a time (Unix
 * seconds); undefined when there is none. The first step of a range moves by whole steps, so that
 * the others stay where they are.
 */
export function sinceCreation(time: QueryTime, created: number): QueryTime | undefined {
  const { range } = time;
  if (!range) {
    return time.instant < created ? undefined : time;
  }

  if (range.end < created) {
    return undefined;
  }
  if (range.start >= created || range.step <= 0) {
    return time;
  }

  const steps = Math.max(0, Math.ceil((range.end - created) / range.step) - 1);

  return { range: { ...range, start: range.end - steps * range.step } };
}
