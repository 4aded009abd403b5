import type { Matcher } from '../../matching/matcher.ts';
import type { LabelSet } from '../../query-api.ts';

/** Samples of a series: times in milliseconds that increase, and as many values. */
export interface Samples {
  readonly times: Float64Array;
  /**
   * A NaN with the bits 0x7ff0000000000002 marks the end of the series. Copy arrays as a whole: a
   * single value that is read and written may lose these bits.
   */
  readonly values: Float64Array;
}

/** A series with its samples in a range of time. The labels must not change later. */
export interface SourceSeries extends Samples {
  readonly labels: LabelSet;
}

/** Times in milliseconds, both included. */
export interface SelectRange {
  readonly start: number;
  readonly end: number;
}

/** Where series come from. */
export interface SeriesSource {
  /**
   * Returns the series that all matchers choose and that have samples in a range, best in the order
   * of their labels, each label set once. They are read one after the other and not kept, so they
   * can be decoded one by one.
   */
  select(
    matchers: readonly Matcher[],
    range: SelectRange,
    signal?: AbortSignal,
  ): AsyncIterable<SourceSeries> | Iterable<SourceSeries>;
}
