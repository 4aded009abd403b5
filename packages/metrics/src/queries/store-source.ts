import type {
  SelectRange,
  SeriesSource,
  SourceSeries,
} from '@ks-apiserver/promql/evaluate/data/source';
import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import { compileMatchers } from '../store/index/select-series.ts';
import type { SeriesReader } from '../store/series-reader.ts';

/** The series of a store, as the evaluator of PromQL reads them. */
export class StoreSource implements SeriesSource {
  readonly #reader: SeriesReader;

  constructor(reader: SeriesReader) {
    this.#reader = reader;
  }

  async *select(
    matchers: readonly Matcher[],
    range: SelectRange,
    signal?: AbortSignal,
  ): AsyncIterable<SourceSeries> {
    const selection = { matchers: compileMatchers(matchers), range };

    for await (const { labels, samples } of this.#reader.select(selection, signal)) {
      yield { labels, times: samples.times, values: samples.values };
    }
  }
}
