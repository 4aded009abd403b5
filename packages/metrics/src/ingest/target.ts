import type { MetricMetadata } from '@ks-apiserver/promql/query-api';
import type { Description } from '../exposition/comment-syntax.ts';
import { NOT_KEPT, type PageFormat, PageReader } from '../exposition/page-reader.ts';
import type { SeriesSyntax } from '../exposition/series-syntax.ts';
import type { Labels } from '../labels/labels.ts';
import { SampleBatch } from '../samples/sample-batch.ts';
import { StampedSamples } from '../samples/stamped-samples.ts';
import type { Window } from '../store/head/window.ts';
import type { MetricStore } from '../store/metric-store.ts';
import { type TargetLabels, withTargetLabels } from './target-labels.ts';

/** Most metrics of a target that are described. */
const MAX_DESCRIBED = 2000;

/** The type of a metric of which none is told. */
const UNKNOWN = 'unknown';

/** How much later than its page a sample may be, in milliseconds. */
const MAX_AHEAD_MS = 300_000;

/** What is scraped, and how its series are labelled. */
export interface TargetOptions extends TargetLabels {
  /** Which metrics are kept; all by default. */
  readonly wants?: (metric: string) => boolean;
  /** Which series of these metrics are kept, by their own labels; all by default. */
  readonly keeps?: (labels: Labels) => boolean;
  /** Whether samples get the times that the page gives them, or that of the page, the default. */
  readonly timestamps?: 'keep' | 'ignore';
  /**
   * What is told about its scrapes: by default `up`, duration and samples, with `job`, `instance`
   * and `metrics_path`; `in full` all that Prometheus tells, with all labels of the target.
   */
  readonly report?: 'in full';
}

/**
 * Adds the pages of one target to a store. Series that a page does not have any more end; so do all
 * of them when there is no page.
 */
export class Target {
  readonly options: TargetOptions;
  readonly #store: MetricStore;
  readonly #reader: PageReader;
  readonly #batch = new SampleBatch();
  readonly #stamped = new StampedSamples();
  readonly #metadata = new Map<string, MetricMetadata>();
  #window: Window | undefined;

  constructor(store: MetricStore, options: TargetOptions) {
    this.#store = store;
    this.options = options;
    this.#reader = new PageReader({
      wants: options.wants ?? (() => true),
      resolve: (series) => this.#resolve(series),
      describe: (description) => this.#describe(description),
      ...(options.timestamps === 'keep' && { stamped: this.#stamped }),
    });
  }

  /** What the target tells about its metrics. */
  get metadata(): Iterable<MetricMetadata> {
    return this.#metadata.values();
  }

  /** How many series the last page had that were not on the page before. */
  get added(): number {
    return this.#reader.added;
  }

  /**
   * Adds a page, its bytes given as characters, at a time in milliseconds; returns how many samples
   * were kept of it. Throws an ExpositionError; then all series end.
   */
  ingest(time: number, page: string, format?: PageFormat): number {
    const window = this.#enter(time);
    if (!window) {
      this.#store.drop(this.#reader.size);
      return 0;
    }

    try {
      this.#reader.read(page, this.#batch, format);
    } catch (error) {
      this.#batch.clear();
      this.#stamped.clear();
      this.#end(window, time);
      throw error;
    }

    const size = this.#batch.size + this.#stamped.size;

    this.#store.append(window, time, this.#batch);
    this.#appendStamped(window, time);

    return size;
  }

  /** Ends all series: there was no page. */
  fail(time: number): void {
    const window = this.#enter(time);
    if (window) {
      this.#end(window, time);
    }
  }

  /** Begins a batch for a time; returns its window. */
  #enter(time: number): Window | undefined {
    const window = this.#store.windowAt(time);

    this.#batch.clear();

    if (window && window !== this.#window) {
      this.#window = window;
      this.#reader.resolveAgain();
    }

    return window;
  }

  #end(window: Window, time: number): void {
    this.#reader.end(this.#batch);
    this.#store.append(window, time, this.#batch);
  }

  /** Adds the samples that have times of their own, and forgets them. */
  #appendStamped(window: Window, pageTime: number): void {
    const latest = Math.min(window.end - 1, pageTime + MAX_AHEAD_MS);

    for (const { time, batch } of this.#stamped.batches()) {
      if (time >= window.start && time <= latest) {
        this.#store.append(window, time, batch);
      } else {
        this.#store.drop(batch.size);
      }
    }

    this.#stamped.clear();
  }

  #resolve(series: SeriesSyntax): number {
    const { keeps } = this.options;
    const isKept = keeps === undefined || keeps(series.labels);

    return isKept && this.#window
      ? this.#store.resolve(this.#window, withTargetLabels(series, this.options))
      : NOT_KEPT;
  }

  #describe({ kind, metric, text }: Description): void {
    const known = this.#metadata.get(metric) ?? { metric, type: UNKNOWN, help: '' };
    const told = kind === 'TYPE' && text === 'untyped' ? UNKNOWN : text;

    if (this.#metadata.has(metric) || this.#metadata.size < MAX_DESCRIBED) {
      this.#metadata.set(metric, { ...known, [kind.toLowerCase()]: told });
    }
  }
}
