import { mkdirSync } from 'node:fs';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { NOT_KEPT } from '../exposition/page-reader.ts';
import type { Labels } from '../labels/labels.ts';
import type { SampleBatch } from '../samples/sample-batch.ts';
import { BlockSet } from './block-set.ts';
import { Head } from './head/head.ts';
import type { Window } from './head/window.ts';
import { recover } from './recovery.ts';
import { RetentionClock } from './retention.ts';
import { SeriesReader } from './series-reader.ts';
import { DEFAULTS, type StoreOptions } from './store-options.ts';

/** Samples further in the future than this are refused, in milliseconds. */
const MAX_AHEAD_MS = 3_600_000;

/** What a store has done since it was opened, and what it holds. */
export interface StoreFigures {
  /** Samples that were added. */
  readonly added: number;
  /** Samples that were dropped because newer ones of their series were there. */
  readonly dropped: number;
  /** How often a new series was refused because of the limit. */
  readonly refusedSeries: number;
  /** Series of the current two hours. */
  readonly series: number;
  readonly blocks: number;
  readonly blockBytes: number;
}

/** A time series store in a directory. */
export class MetricStore {
  readonly reader: SeriesReader;
  readonly #options: StoreOptions;
  readonly #blocks: BlockSet;
  readonly #head: Head;
  readonly #retention: RetentionClock;
  #added = 0;
  #dropped = 0;
  #refused = 0;
  /** The window for which the limit of series was reported. */
  #reported: Window | undefined;
  #isFailing = false;

  private constructor(options: StoreOptions, { blocks, head }: { blocks: BlockSet; head: Head }) {
    this.#options = options;
    this.#blocks = blocks;
    this.#head = head;
    this.reader = new SeriesReader(blocks, () => head.windows);
    this.#retention = new RetentionClock(options.retentionMs ?? DEFAULTS.retentionMs, {
      now: options.now ?? Date.now,
      monotonic: () => performance.now(),
    });
  }

  /** Opens a store and recovers what was there when the process ended before. */
  static async open(options: StoreOptions): Promise<MetricStore> {
    const { directory, log } = options;
    const indexCacheBytes = options.indexCacheBytes ?? DEFAULTS.indexCacheBytes;

    mkdirSync(directory, { recursive: true, mode: 0o700 });

    const blocks = new BlockSet({ indexCacheBytes, log });
    const { window, nextId } = await recover(directory, blocks, log);

    const head = new Head({
      directory,
      log,
      recovered: window,
      nextId,
      written: (path, { id }) => {
        blocks.add({ path, window: id });
      },
    });

    return new MetricStore(options, { blocks, head });
  }

  get figures(): StoreFigures {
    return {
      added: this.#added,
      dropped: this.#dropped,
      refusedSeries: this.#refused,
      series: this.#head.current?.series.size ?? 0,
      blocks: this.#blocks.size,
      blockBytes: this.#blocks.bytes,
    };
  }

  /**
   * Returns the window for samples of a time in milliseconds; undefined if the time is too late or
   * too early for them to be kept. References of series are valid for the same window only.
   */
  windowAt(time: number): Window | undefined {
    const now = (this.#options.now ?? Date.now)();
    return time > now + MAX_AHEAD_MS ? undefined : this.#head.windowAt(time);
  }

  /** Returns the reference of a series in a window, NOT_KEPT when it would be one too many. */
  resolve(window: Window, labels: Labels): number {
    const limit = this.#options.maxSeries ?? DEFAULTS.maxSeries;
    const ref = window.resolve(labels, limit);

    if (ref === undefined) {
      this.#refused += 1;
      this.#reportLimit(window, limit);
    }

    return ref ?? NOT_KEPT;
  }

  /** Adds samples at a time for which `windowAt` returned the window. */
  append(window: Window, time: number, batch: SampleBatch): void {
    if (batch.isEmpty) {
      return;
    }

    const { added, old } = this.#head.append(window, time, batch);

    this.#added += added;
    this.#dropped += old;
  }

  /** Counts samples that came for a time without a window, about as many as there were. */
  drop(count: number): void {
    this.#dropped += count;
  }

  /**
   * Has the disk keep all samples so far; resolves with false where it cannot. They stay in memory
   * then, and are written as soon as there is room.
   */
  async commit(): Promise<boolean> {
    try {
      await this.#head.commit();
      this.#recovered();

      return true;
    } catch (error) {
      if (!this.#isFailing) {
        this.#isFailing = true;
        this.#options.log.warn(`metrics are kept in memory only: ${messageOf(error)}`);
      }

      return false;
    }
  }

  /** Writes windows that are over as blocks, and deletes blocks that are too old or too many. */
  async maintain(): Promise<void> {
    await this.#head.writeClosed();

    this.#blocks.prune({
      before: this.#retention.deadline(),
      bytes: this.#options.retentionBytes ?? DEFAULTS.retentionBytes,
    });
  }

  async close(): Promise<void> {
    await this.#head.close();
    this.#blocks.close();
  }

  #recovered(): void {
    if (this.#isFailing) {
      this.#isFailing = false;
      this.#options.log.info('metrics are written to disk again');
    }
  }

  #reportLimit(window: Window, limit: number): void {
    if (this.#reported !== window) {
      this.#reported = window;
      this.#options.log.warn(
        `new metric series are refused until the next two hours: there are ${limit} already`,
      );
    }
  }
}
