import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { wholeAge } from '../mesh-namespaces.ts';
import type { RateFunction } from '../query/expressions.ts';
import { parseInterval, parseTruth, parseWhole } from '../query/parse.ts';

/** A quantile as the caller wrote it, which is its name in the answer, and its number. */
export interface Quantile {
  readonly text: string;
  readonly value: number;
}

/** Which metrics a call asks for, and when. */
export interface MetricParameters {
  /** Names of metrics; none for all of them. */
  readonly filters: readonly string[];
  readonly direction: 'inbound' | 'outbound';
  readonly reporter: 'source' | 'destination';
  /** Empty for all protocols. */
  readonly protocol: string;
  readonly rateFunction: RateFunction;
  readonly intervalMs: number;
  /** Ends of the range in Unix seconds. */
  readonly start: number;
  readonly end: number;
  readonly stepSeconds: number;
  readonly quantiles: readonly Quantile[];
  readonly average: boolean;
  readonly byLabels: readonly string[];
}

const DEFAULT_DURATION_SECONDS = 1800;
const DEFAULT_STEP_SECONDS = 15;
const DEFAULT_INTERVAL = '1m';

/** Quantiles and labels that one call may name: each quantile is a query of its own. */
const MAX_QUANTILES = 10;
const MAX_LABELS = 20;

const NO_SHARE = /^[+-]?(inf|infinity|nan)$/i;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function choice<T extends string>(
  name: string,
  [first, second]: readonly [T, T],
  value: string,
): T {
  if (value !== first && value !== second) {
    throw badRequest(
      `Bad request, query parameter '${name}' must be either '${first}' or '${second}'`,
    );
  }

  return value as T;
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) {
    return undefined;
  }

  const value = parseWhole(text);
  if (value === undefined) {
    throw badRequest(`Bad request, cannot parse query parameter '${name}'`);
  }

  return value;
}

function stepOf(query: URLSearchParams): number {
  const step = whole(query, 'step') ?? DEFAULT_STEP_SECONDS;
  if (step === 0) {
    throw badRequest("Bad request, query parameter 'step' must not be 0");
  }

  return step;
}

function quantilesOf(query: URLSearchParams): Quantile[] {
  const quantiles = [...new Set(query.getAll('quantiles[]'))].map((text) => {
    if (!FLOAT.test(text) && !NO_SHARE.test(text)) {
      throw badRequest("Bad request, cannot parse query parameter 'quantiles', float expected");
    }

    const value = Number(text);
    if (!(value >= 0 && value <= 1)) {
      throw badRequest('Bad request, invalid quantile(s): should be between 0 and 1');
    }

    return { text, value };
  });

  if (quantiles.length > MAX_QUANTILES) {
    throw badRequest(`Bad request, more than ${MAX_QUANTILES} quantiles: ask for fewer`);
  }

  return quantiles;
}

function averageOf(query: URLSearchParams): boolean {
  const average = parseTruth(query.get('avg') ?? 'true');
  if (average === undefined) {
    throw badRequest("Bad request, cannot parse query parameter 'avg'");
  }

  return average;
}

function labelsOf(query: URLSearchParams): string[] {
  const labels = query
    .getAll('byLabels[]')
    .flatMap((text) => text.split(','))
    .map((label) => label.trim())
    .filter((label) => label !== '');

  if (labels.length > MAX_LABELS) {
    throw badRequest(`Bad request, more than ${MAX_LABELS} labels in 'byLabels[]': ask for fewer`);
  }

  return [...new Set(labels)];
}

/**
 * Reads the parameters of metrics at a time in Unix seconds. Throws BadRequest, for the first that
 * is wrong in the order of 3.0.
 */
export function parseMetricParameters(query: URLSearchParams, now: number): MetricParameters {
  const direction = choice(
    'direction',
    ['inbound', 'outbound'],
    query.get('direction') || 'outbound',
  );
  const reporter = choice('reporter', ['source', 'destination'], query.get('reporter') || 'source');
  const rateFunction = choice('rateFunc', ['rate', 'irate'], query.get('rateFunc') ?? 'rate');

  const end = whole(query, 'queryTime') ?? now;
  const duration = whole(query, 'duration');

  return {
    filters: query.getAll('filters[]'),
    direction,
    reporter,
    protocol: query.get('requestProtocol') ?? '',
    rateFunction,
    end,
    // As in 3.0, a time alone moves nothing but the end.
    start: duration === undefined ? now - DEFAULT_DURATION_SECONDS : end - duration,
    stepSeconds: stepOf(query),
    quantiles: quantilesOf(query),
    average: averageOf(query),
    intervalMs: parseInterval(query.get('rateInterval') ?? DEFAULT_INTERVAL),
    byLabels: labelsOf(query),
  };
}

/** The range of metrics and the window of their rates, in seconds and milliseconds. */
export type MetricRange = Pick<MetricParameters, 'start' | 'end' | 'stepSeconds' | 'intervalMs'>;

/**
 * Fits a range to the age of a namespace that was created at a time in Unix seconds: no rate looks
 * back beyond that, and the first point is a multiple of the step.
 */
export function fitted(range: MetricRange, created: number): MetricRange {
  const { end, stepSeconds } = range;
  let intervalMs = range.intervalMs;
  let intervalStart = end - intervalMs / 1000;

  if (intervalStart < created) {
    intervalMs = wholeAge(created, end) * 1000;
    intervalStart = created;
  }

  const start = Math.max(range.start, created + (end - intervalStart));

  return { end, stepSeconds, intervalMs, start: Math.floor(start / stepSeconds) * stepSeconds };
}
