/** Label names and values of a series; `__name__` holds the metric's name. */
export type LabelSet = Readonly<Record<string, string>>;

/** A value at a time: Unix seconds, and the number as Prometheus' JSON writes it (`+Inf`, `1.5`). */
export type Point = readonly [time: number, value: string];

/** One series of an instant query. */
export interface InstantSeries {
  readonly metric: LabelSet;
  readonly value: Point;
}

/** One series of a range query. */
export interface RangeSeries {
  readonly metric: LabelSet;
  readonly values: readonly Point[];
}

/** The `data` of an answer of `query` or `query_range`, as Prometheus' HTTP API defines it. */
export type QueryResult =
  | { readonly resultType: 'vector'; readonly result: readonly InstantSeries[] }
  | { readonly resultType: 'matrix'; readonly result: readonly RangeSeries[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Point };

/** What Prometheus tells about a metric: `counter`, `gauge` …, and its help text. */
export interface MetricMetadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit?: string;
}

/** Times of a range in Unix seconds, both included. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

/** Times of a range query in seconds. */
export interface SteppedRange extends TimeRange {
  readonly step: number;
}

/**
 * A query that was refused or failed; `type` and the message are those of Prometheus' HTTP API
 * (`bad_data`, `execution`, `timeout`, `canceled`, `unavailable` …).
 */
export class QueryError extends Error {
  override name = 'QueryError';
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * The read side of Prometheus' HTTP API. A Prometheus server and the embedded store implement it;
 * all methods reject with a QueryError. Selectors are PromQL texts such as `up{namespace="a"}`.
 */
export interface MetricQueries {
  /** Evaluates an expression at a time in Unix seconds. */
  query(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult>;

  /** Evaluates an expression at each step of a range. */
  queryRange(expression: string, range: SteppedRange, signal?: AbortSignal): Promise<QueryResult>;

  /** Returns the label sets of all series that one of the selectors chooses. */
  series(
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly LabelSet[]>;

  /** Returns the names of labels of the series that the selectors choose, or of all, sorted. */
  labels(
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /** Returns the values of a label, sorted. */
  labelValues(
    label: string,
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /**
   * Returns the metadata of metrics of the scrape targets whose own labels a selector such as
   * `{namespace="a"}` chooses.
   */
  targetMetadata(selector: string, signal?: AbortSignal): Promise<readonly MetricMetadata[]>;
}
