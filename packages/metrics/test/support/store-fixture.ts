import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesAsText, seriesText } from '@ks-apiserver/metrics/exposition/page-text';
import { parseSeries } from '@ks-apiserver/metrics/exposition/series-syntax';
import { makeLabels } from '@ks-apiserver/metrics/labels/labels';
import { SampleBatch } from '@ks-apiserver/metrics/samples/sample-batch';
import { compileMatchers } from '@ks-apiserver/metrics/store/index/select-series';
import { MetricStore } from '@ks-apiserver/metrics/store/metric-store';
import type { StoreOptions } from '@ks-apiserver/metrics/store/store-options';
import { ALWAYS, type TimeRange } from '@ks-apiserver/metrics/store/time-range';
import { parseSelector } from '@ks-apiserver/promql/syntax/parse';

/** Beginning of a window of two hours. */
export const START = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Values by a series' text, `end` for the end of the series. */
export type Round = Readonly<Record<string, number | 'end'>>;

/** Samples by the series' text: minutes since START, and values. */
export type Samples = Record<string, (readonly [minute: number, value: number | 'end'])[]>;

/** A store in a directory of its own, with a clock that the test moves. */
export class StoreFixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'ks-metrics-'));
  readonly messages: string[] = [];
  readonly #options: Partial<StoreOptions>;
  now = START;
  #store: MetricStore | undefined;

  constructor(options: Partial<StoreOptions> = {}) {
    this.#options = options;
  }

  get store(): MetricStore {
    if (!this.#store) {
      throw new Error('the store is not open');
    }
    return this.#store;
  }

  async open(): Promise<this> {
    const tell = (message: string) => this.messages.push(message);

    this.#store = await MetricStore.open({
      directory: this.directory,
      log: { warn: tell, info: tell },
      now: () => this.now,
      ...this.#options,
    });

    return this;
  }

  /** Opens the directory again without closing it: what a process would see after a crash. */
  async reopen(): Promise<void> {
    await this.#store?.close();
    await this.open();
  }

  /** Adds samples at a time in minutes since START, which the clock shows then; returns how many. */
  add(minute: number, round: Round): number {
    const { store } = this;
    const time = START + minute * MINUTE;
    const batch = new SampleBatch();

    this.now = time;

    const window = store.windowAt(time);
    if (!window) {
      store.drop(Object.keys(round).length);
      return 0;
    }

    for (const [text, value] of Object.entries(round)) {
      const ref = store.resolve(window, parseSeries(bytesAsText(text), 0).labels);

      if (ref >= 0 && value === 'end') {
        batch.end(ref);
      } else if (ref >= 0) {
        batch.add(ref, Number(value));
      }
    }

    const before = store.figures.added;
    store.append(window, time, batch);

    return store.figures.added - before;
  }

  async select(selector: string, range: TimeRange = ALWAYS): Promise<Samples> {
    const matchers = compileMatchers(parseSelector(selector));
    const found: Samples = {};

    for await (const { labels, samples } of this.store.reader.select({ matchers, range })) {
      found[seriesText(makeLabels(Object.entries(labels)))] = Array.from(
        { length: samples.size },
        (_, index) => [
          (samples.time(index) - START) / MINUTE,
          samples.isEnd(index) ? ('end' as const) : samples.value(index),
        ],
      );
    }

    return found;
  }

  async remove(): Promise<void> {
    await this.#store?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
