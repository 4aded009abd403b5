import { setMaxListeners } from 'node:events';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { PageFormat } from '../exposition/page-reader.ts';
import type { StoreLog } from '../store/store-options.ts';
import { FairLanes } from './fair-lanes.ts';

/** A page that a target answered with. */
export interface TargetPage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly format: PageFormat;
}

/** An application that is asked for its page. */
export interface ScrapeSource {
  /** Tells it apart from others, in the log too. */
  readonly name: string;
  /** Resolves with its page, of limited size; rejects when it does not come. */
  readonly fetch: (signal: AbortSignal) => Promise<TargetPage>;
}

/** What came of asking the source at a place of the list; `page` is undefined when nothing came. */
export interface ScrapedTarget {
  readonly index: number;
  readonly page: TargetPage | undefined;
  readonly seconds: number;
}

const LANES = 32;
const TIMEOUT_MS = 10_000;

/** Asks applications for their pages. One that does not answer costs only itself. */
export class TargetScraper {
  readonly #sources: readonly ScrapeSource[];
  readonly #log: StoreLog;
  readonly #timeoutMs: number;
  readonly #lanes = new FairLanes(LANES);
  readonly #failing = new Set<number>();

  constructor(
    sources: readonly ScrapeSource[],
    { log, timeoutMs = TIMEOUT_MS }: { log: StoreLog; timeoutMs?: number },
  ) {
    this.#sources = sources;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks all sources and calls back with what came of each. Pages that did not come when the signal
   * is aborted count as missing.
   */
  async scrape(
    each: (scraped: ScrapedTarget) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    // Each call that is made at the same time listens to it.
    setMaxListeners(0, signal);

    await this.#lanes.run([...this.#sources.keys()].map(String), async (key) => {
      const scraped = await this.#fetch(Number(key), signal);
      await each(scraped);

      return scraped.page !== undefined;
    });
  }

  async #fetch(index: number, signal: AbortSignal): Promise<ScrapedTarget> {
    const started = performance.now();
    const deadline = new Deadline(this.#timeoutMs, signal);
    let page: TargetPage | undefined;

    try {
      page = await this.#sources[index]?.fetch(deadline.signal);
      this.#failing.delete(index);
    } catch (error) {
      this.#report(index, error);
    } finally {
      deadline.end();
    }

    return { index, page, seconds: (performance.now() - started) / 1000 };
  }

  /** Reports the first of several failures; the series `up` tells each. */
  #report(index: number, error: unknown): void {
    if (!this.#failing.has(index)) {
      this.#failing.add(index);
      this.#log.warn(`${this.#sources[index]?.name} has no metrics: ${messageOf(error)}`);
    }
  }
}
