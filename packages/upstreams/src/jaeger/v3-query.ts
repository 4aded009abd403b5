const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** How far back a search looks that does not say it, in milliseconds, as Jaeger's pages do. */
const DEFAULT_LOOKBACK_MS = 3_600_000;

const DEFAULT_LIMIT = '20';

/** Returns the milliseconds of a time such as `2h`; undefined for other texts. */
function lookbackMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})(ms|[smhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (UNIT_MS[unit] ?? 0);
}

/** Returns the milliseconds of a time in microseconds; undefined for one that no date can have. */
function timeMs(microseconds: string | null): number | undefined {
  const milliseconds = /^\d{1,17}$/.test(microseconds ?? '')
    ? Math.trunc(Number(microseconds) / 1000)
    : Number.NaN;

  return milliseconds <= 8.64e15 ? milliseconds : undefined;
}

/** Returns the query of Jaeger's API v3 for parameters of its older search, which it renames. */
export function v3Query(service: string, asked: URLSearchParams, now: number): URLSearchParams {
  const end = timeMs(asked.get('end')) ?? now;
  const lookback = lookbackMs(asked.get('lookback') ?? asked.get('loopback') ?? '');
  const start = timeMs(asked.get('start')) ?? end - (lookback ?? DEFAULT_LOOKBACK_MS);
  const limit = asked.get('limit') || DEFAULT_LIMIT;

  const query = new URLSearchParams({
    'query.service_name': service,
    'query.start_time_min': new Date(start).toISOString(),
    'query.start_time_max': new Date(end).toISOString(),
    // Older versions know the second name, newer ones the first.
    'query.search_depth': limit,
    'query.num_traces': limit,
  });

  for (const [name, renamed] of [
    ['operation', 'query.operation_name'],
    ['minDuration', 'query.duration_min'],
    ['maxDuration', 'query.duration_max'],
  ] as const) {
    const value = asked.get(name);
    if (value) {
      query.set(renamed, value);
    }
  }

  return query;
}
