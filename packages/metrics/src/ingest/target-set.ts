import type { MetricMetadata } from '@ks-apiserver/promql/query-api';
import type { PageFormat } from '../exposition/page-reader.ts';
import { bytesAsText, PageText } from '../exposition/page-text.ts';
import type { MetricStore } from '../store/metric-store.ts';
import { Target, type TargetOptions } from './target.ts';

/** Labels that tell targets apart in the series about their scrapes. */
const ABOUT = ['job', 'instance', 'metrics_path'] as const;

/** A target in a set. */
export interface TargetKey {
  /** Tells the target apart from all others. */
  readonly key: string;
  /** Returns how it is scraped, when it is new. */
  readonly options: () => TargetOptions;
}

/** What came of one scrape. */
export interface Scrape {
  /** Time of the round in milliseconds. */
  readonly time: number;
  /** The bytes of the page as characters; undefined when there was none. */
  readonly page: string | undefined;
  /** `text` by default. */
  readonly format?: PageFormat | undefined;
  /** How long it took. */
  readonly seconds?: number;
}

interface Entry {
  readonly target: Target;
  /** Round in which it was scraped last. */
  time: number;
  isUp: boolean;
  seconds: number;
  samples: number;
}

/**
 * The targets of a server. Series of a target that is not scraped in a round end, and it is
 * forgotten. What came of the scrapes is told by series of its own, such as `up`.
 */
export class TargetSet {
  readonly #store: MetricStore;
  readonly #entries = new Map<string, Entry>();
  readonly #about: Target;
  readonly #report: (key: string, error: unknown) => void;

  /** `report` is called with the error of a page that could not be read. */
  constructor(store: MetricStore, report: (key: string, error: unknown) => void) {
    this.#store = store;
    this.#about = new Target(store, { labels: {} });
    this.#report = report;
  }

  /** The labels of all targets, and what they tell about their metrics. */
  *described(): Generator<{
    labels: Readonly<Record<string, string>>;
    metadata: Iterable<MetricMetadata>;
  }> {
    for (const { target } of this.#entries.values()) {
      yield { labels: target.options.labels, metadata: target.metadata };
    }
  }

  /** Adds what came of a scrape; returns whether there was a page that could be read. */
  add({ key, options }: TargetKey, { time, page, format, seconds = 0 }: Scrape): boolean {
    const entry = this.#entries.get(key) ?? this.#make(key, options());

    entry.time = time;
    entry.seconds = seconds;
    entry.samples = 0;
    entry.isUp = page !== undefined;

    if (page === undefined) {
      entry.target.fail(time);
      return false;
    }

    try {
      entry.samples = entry.target.ingest(time, page, format);
    } catch (error) {
      entry.isUp = false;
      this.#report(key, error);
    }

    return entry.isUp;
  }

  /** Ends a round: forgets targets that were not scraped, and tells about the others. */
  finish(time: number): void {
    const page = new PageText();

    for (const [key, entry] of this.#entries) {
      if (entry.time === time) {
        report(page, entry);
      } else {
        entry.target.fail(time);
        this.#entries.delete(key);
      }
    }

    this.#about.ingest(time, bytesAsText(page.toString()));
  }

  #make(key: string, options: TargetOptions): Entry {
    const entry = {
      target: new Target(this.#store, options),
      time: 0,
      isUp: false,
      seconds: 0,
      samples: 0,
    };

    this.#entries.set(key, entry);

    return entry;
  }
}

/** Adds what came of the last scrape of a target. */
function report(page: PageText, { target, isUp, seconds, samples }: Entry): void {
  const { labels: all, report: extent } = target.options;
  const isFull = extent === 'in full';
  const labels = isFull ? all : Object.fromEntries(ABOUT.map((name) => [name, all[name]]));

  page.add('up', labels, isUp ? 1 : 0);
  page.add('scrape_duration_seconds', labels, seconds);
  page.add('scrape_samples_scraped', labels, samples);

  if (isFull) {
    page.add('scrape_samples_post_metric_relabeling', labels, samples);
    page.add('scrape_series_added', labels, isUp ? target.added : 0);
  }
}
