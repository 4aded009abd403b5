import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Engine } from '@ks-apiserver/promql/evaluate/engine';
import {
  type LabelSet,
  type MetricMetadata,
  type MetricQueries,
  QueryError,
  type QueryResult,
  type TimeRange as Seconds,
  type SteppedRange,
} from '@ks-apiserver/promql/query-api';
import { parseSelector } from '@ks-apiserver/promql/syntax/parse';
import { compileMatchers } from '../store/index/select-series.ts';
import type { Selection, SeriesReader } from '../store/series-reader.ts';
import { ALWAYS, type TimeRange } from '../store/time-range.ts';
import { StoreSource } from './store-source.ts';

/** A target's labels and what it tells about its metrics. */
export interface DescribedTarget {
  readonly labels: LabelSet;
  readonly metadata: Iterable<MetricMetadata>;
}

/** Most series of an answer about series and labels. */
const MAX_SERIES = 100_000;

function toMilliseconds({ start, end }: Partial<Seconds>): TimeRange {
  return {
    start: start === undefined ? ALWAYS.start : start * 1000,
    end: end === undefined ? ALWAYS.end : end * 1000,
  };
}

function selectionsOf(selectors: readonly string[], range: TimeRange): Selection[] {
  return selectors.map((selector) => ({
    matchers: compileMatchers(parseSelector(selector)),
    range,
  }));
}

/** Returns the error that a failure is for whoever asked. */
export function queryErrorOf(error: unknown): QueryError {
  if (error instanceof QueryError) {
    return error;
  }

  const isCanceled = error instanceof Error && error.name === 'AbortError';
  return isCanceled
    ? new QueryError('canceled', 'query was canceled')
    : new QueryError('internal', messageOf(error));
}

async function answer<T>(compute: () => Promise<T>): Promise<T> {
  try {
    return await compute();
  } catch (error) {
    throw queryErrorOf(error);
  }
}

/** Answers queries from a store. */
export class StoreQueries implements MetricQueries {
  readonly #reader: SeriesReader;
  readonly #engine: Engine;
  readonly #targets: () => Iterable<DescribedTarget>;

  constructor(reader: SeriesReader, targets: () => Iterable<DescribedTarget> = () => []) {
    this.#reader = reader;
    this.#engine = new Engine(new StoreSource(reader));
    this.#targets = targets;
  }

  query(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult> {
    return answer(() => this.#engine.query(expression, time, signal));
  }

  queryRange(expression: string, range: SteppedRange, signal?: AbortSignal): Promise<QueryResult> {
    return answer(() => this.#engine.queryRange(expression, range, signal));
  }

  series(
    selectors: readonly string[],
    range: Partial<Seconds>,
    signal?: AbortSignal,
  ): Promise<readonly LabelSet[]> {
    return answer(async () => {
      const selections = selectionsOf(selectors, toMilliseconds(range));
      const found = await this.#reader.series(selections, { limit: MAX_SERIES, signal });

      if (found.length > MAX_SERIES) {
        throw new QueryError('execution', `more than ${MAX_SERIES} series match`);
      }

      return found;
    });
  }

  labels(
    selectors: readonly string[],
    range: Partial<Seconds>,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    return answer(async () => {
      const names =
        selectors.length === 0
          ? await this.#reader.names(toMilliseconds(range), signal)
          : new Set((await this.series(selectors, range, signal)).flatMap(Object.keys));

      return [...names].sort();
    });
  }

  labelValues(
    label: string,
    selectors: readonly string[],
    range: Partial<Seconds>,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    return answer(async () => {
      const values =
        selectors.length === 0
          ? await this.#reader.values(label, toMilliseconds(range), signal)
          : new Set(
              (await this.series(selectors, range, signal))
                .map((labels) => getOwn(labels, label))
                .filter((value) => value !== undefined),
            );

      return [...values].sort();
    });
  }

  targetMetadata(selector: string): Promise<readonly MetricMetadata[]> {
    return answer(async () => {
      const matchers = compileMatchers(selector === '' ? [] : parseSelector(selector));
      const found = new Map<string, MetricMetadata>();

      for (const { labels, metadata } of this.#targets()) {
        if (!matchers.every(({ name, test }) => test(getOwn(labels, name) ?? ''))) {
          continue;
        }

        for (const one of metadata) {
          found.set(JSON.stringify([one.metric, one.type, one.help]), one);
        }
      }

      return [...found.values()];
    });
  }
}
