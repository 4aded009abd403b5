import { QueryError, type SteppedRange, type TimeRange } from '@ks-apiserver/promql/query-api';
import { parseDuration } from '@ks-apiserver/promql/syntax/text/literals';

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Returns the Unix seconds of a time in seconds or RFC 3339. Throws a QueryError. */
function parseTime(name: string, text: string): number {
  const seconds = RFC_3339.test(text) ? Date.parse(text) / 1000 : Number(text || Number.NaN);

  if (!Number.isFinite(seconds)) {
    throw new QueryError(
      'bad_data',
      `invalid parameter "${name}": cannot parse ${JSON.stringify(text)} to a valid timestamp`,
    );
  }

  return seconds;
}

/** Returns the seconds of a duration in seconds or as `1h30m`. Throws a QueryError. */
function parseStep(text: string): number {
  const number = Number(text || Number.NaN);
  const parsed = Number.isNaN(number) ? parseDuration(text) : number * 1000;

  if (typeof parsed !== 'number' || !(parsed > 0)) {
    throw new QueryError(
      'bad_data',
      `invalid parameter "step": cannot parse ${JSON.stringify(text)} to a positive duration`,
    );
  }

  return parsed / 1000;
}

/** Returns the `time` of an instant query; by default now. Throws a QueryError. */
export function instantOf(parameters: URLSearchParams): number {
  const text = parameters.get('time') ?? '';
  return text === '' ? Date.now() / 1000 : parseTime('time', text);
}

/** Returns the `start`, `end` and `step` of a range query. Throws a QueryError. */
export function rangeOf(parameters: URLSearchParams): SteppedRange {
  const start = parseTime('start', parameters.get('start') ?? '');
  const end = parseTime('end', parameters.get('end') ?? '');

  if (end < start) {
    throw new QueryError(
      'bad_data',
      'invalid parameter "end": end timestamp must not be before start time',
    );
  }

  return { start, end, step: parseStep(parameters.get('step') ?? '') };
}

/** Returns the ends of a range of which both may be missing. Throws a QueryError. */
export function openRangeOf(parameters: URLSearchParams): Partial<TimeRange> {
  const [start, end] = ['start', 'end'].map((name) => {
    const text = parameters.get(name) ?? '';
    return text === '' ? undefined : parseTime(name, text);
  });

  return { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
}
