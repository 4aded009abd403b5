import type { MetricMetadata } from '@ks-apiserver/promql/query-api';
import type { Description } from '../exposition/comment-syntax.ts';
import { NOT_KEPT, PageReader } from '../exposition/page-reader.ts';
import { type Labels, labelPairs, makeLabels } from '../labels/labels.ts';
import { SampleBatch } from '../samples/sample-batch.ts';
import type { Window } from '../store/head/window.ts';
import type { MetricStore } from '../store/metric-store.ts';

/** Most metrics of a target that are described. */
const MAX_DESCRIBED = 2000;

/** What is scraped, and how its series are labelled. */
export interface TargetOptions {
  /** Labels that all of its series get: `job`, `instance` and others. */
  readonly labels: Readonly<Record<string, string>>;
  /** Which metrics are kept; all by default. */
  readonly wants?: (metric: string) => boolean;
  /** Which series of these metrics are kept, by their own labels; all by default. */
  readonly keeps?: (labels: Labels) => boolean;
  /**
   * What becomes of a series' own label of the same name as one of the target's: it is kept, or
   * renamed to `exported_…`, the default.
   */
  readonly ownLabels?: 'keep' | 'rename';
}

/** Returns the labels of a series with those of its target. */
function withTargetLabels(series: Labels, { labels, ownLabels }: TargetOptions): Labels {
  const pairs: [string, string][] = Object.entries(labels);

  for (const [name, value] of labelPairs(series)) {
    const isTaken = ownLabels !== 'keep' && Object.hasOwn(labels, name);
    pairs.push([isTaken ? `exported_${name}` : name, value]);
  }

  return makeLabels(pairs);
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
  readonly #metadata = new Map<string, MetricMetadata>();
  #window: Window | undefined;

  constructor(store: MetricStore, options: TargetOptions) {
    this.#store = store;
    this.options = options;
    this.#reader = new PageReader({
      wants: options.wants ?? (() => true),
      resolve: (labels) => this.#resolve(labels),
      describe: (description) => this.#describe(description),
    });
  }

  /** What the target tells about its metrics. */
  get metadata(): Iterable<MetricMetadata> {
    return this.#metadata.values();
  }

  /**
   * Adds a page, its bytes given as characters, at a time in milliseconds; returns how many samples
   * were kept of it. Throws an ExpositionError; then all series end.
   */
  ingest(time: number, page: string): number {
    const window = this.#enter(time);
    if (!window) {
      this.#store.drop(this.#reader.size);
      return 0;
    }

    try {
      this.#reader.read(page, this.#batch);
    } catch (error) {
      this.#batch.clear();
      this.#end(window, time);
      throw error;
    }

    const { size } = this.#batch;
    this.#store.append(window, time, this.#batch);

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

  #resolve(labels: Labels): number {
    const { keeps } = this.options;
    const isKept = keeps === undefined || keeps(labels);

    return isKept && this.#window
      ? this.#store.resolve(this.#window, withTargetLabels(labels, this.options))
      : NOT_KEPT;
  }

  #describe({ kind, metric, text }: Description): void {
    const known = this.#metadata.get(metric) ?? { metric, type: 'unknown', help: '' };

    if (this.#metadata.has(metric) || this.#metadata.size < MAX_DESCRIBED) {
      this.#metadata.set(metric, { ...known, [kind.toLowerCase()]: text });
    }
  }
}
