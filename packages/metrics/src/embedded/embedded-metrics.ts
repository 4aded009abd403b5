import { setMaxListeners } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import type { FetchedPage } from '../collect/collector.ts';
import type { CollectorOptions, ObjectChange } from '../collect/collector-options.ts';
import type { ObjectKind } from '../scrape/objects/object-kinds.ts';
import type { StoreLog, StoreOptions } from '../store/store-options.ts';
import type { RoundEnd, WorkerOptions } from '../worker/messages.ts';
import { WorkerQueries } from '../worker/worker-queries.ts';
import { WorkerThread } from '../worker/worker-thread.ts';
import { KubeletScraper, type ScraperOptions } from './kubelet-scraper.ts';
import { LatestUsage } from './latest-usage.ts';
import { ObjectFeed, type ObjectSource } from './object-feed.ts';
import { RoundTimer } from './round-timer.ts';
import { type ScrapeSource, TargetScraper } from './target-scraper.ts';

/** What metrics are made of, and how they are kept. */
export interface EmbeddedMetricsOptions {
  readonly store: Omit<StoreOptions, 'log' | 'now'>;
  readonly collector: CollectorOptions;
  readonly log: StoreLog;
  /** The file of the worker thread: `dist/worker/main.js`, or its bundle. */
  readonly workerPath: string | URL;
  readonly objects: readonly ObjectSource[];
  /** How the kubelets of a real cluster are asked; nobody is asked without it. */
  readonly kubelets?: ScraperOptions;
  /** Who shows the pages of the collector's targets, in the same order. */
  readonly targets?: readonly ScrapeSource[];
  /** Returns this server's own metrics as a page of Prometheus' text format. */
  readonly ownMetrics?: () => string | Promise<string>;
  /** Distance of samples in milliseconds; a minute by default. */
  readonly intervalMs?: number;
  /** Largest heap of the worker in MB; 1,024 by default. A query that needs more ends the worker. */
  readonly heapMb?: number;
}

const INTERVAL_MS = 60_000;
const HEAP_MB = 1024;

/** Longest times of calls to the worker, in milliseconds. */
const TIMEOUTS = { objects: 60_000, page: 60_000, begin: 60_000, end: 180_000, stop: 20_000 };

/** Share of the interval in which kubelets and applications must have answered. */
const SCRAPE_SHARE = 0.75;

/**
 * Prometheus inside the server: collects metrics of the cluster each minute, keeps them in a
 * directory, and answers queries. All but the network is the work of a thread.
 */
export class EmbeddedMetrics {
  readonly queries: MetricQueries;
  readonly usage: LatestUsage;
  readonly #options: EmbeddedMetricsOptions;
  readonly #thread: WorkerThread;
  readonly #feed: ObjectFeed;
  readonly #timer: RoundTimer;
  readonly #kubelets: KubeletScraper | undefined;
  readonly #targets: TargetScraper;
  #isTiming = false;
  #lastRound = 0;
  #figures: RoundEnd | undefined;

  private constructor(options: EmbeddedMetricsOptions) {
    const { kubelets, targets = [], intervalMs = INTERVAL_MS, log } = options;

    this.#options = options;
    this.#kubelets = kubelets && new KubeletScraper(kubelets);
    this.#targets = new TargetScraper(targets, { log });
    this.#feed = new ObjectFeed(options.objects, (kind, changes) => this.#send(kind, changes));
    this.#timer = new RoundTimer(intervalMs, (time, signal) => this.#round(time, signal));
    this.#thread = new WorkerThread({
      start: () => this.#startWorker(),
      log,
      ready: () => void this.#begin(),
    });
    this.queries = new WorkerQueries(this.#thread);
    this.usage = new LatestUsage(this.queries, intervalMs, () => this.#lastRound);
  }

  /** Starts the thread; metrics are collected as soon as the store is open. */
  static start(options: EmbeddedMetricsOptions): EmbeddedMetrics {
    return new EmbeddedMetrics(options);
  }

  /** What the last round told about the store; undefined before the first. */
  get figures(): RoundEnd | undefined {
    return this.#figures;
  }

  /** Time of the last complete round in milliseconds since 1970; 0 before it. */
  get lastRound(): number {
    return this.#lastRound;
  }

  /** Ends the collection, has the disk keep everything, and ends the thread. */
  async stop(): Promise<void> {
    this.#feed.stop();
    await this.#timer.stop();
    await this.#thread.stop(TIMEOUTS.stop);
  }

  #startWorker(): Worker {
    const { store, collector, workerPath, heapMb = HEAP_MB } = this.#options;
    const workerData: WorkerOptions = { store, collector };

    return new Worker(workerPath, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      name: 'metrics',
    });
  }

  /** Tells a new worker all objects, then has rounds begin. */
  async #begin(): Promise<void> {
    await this.#feed.restart();
    await this.#feed.settled();

    if (!this.#isTiming) {
      this.#isTiming = true;
      this.#timer.start();
    }
  }

  async #send(of: ObjectKind, changes: readonly ObjectChange[]): Promise<void> {
    await this.#thread.call(
      { kind: 'objects', of, changes },
      {
        timeoutMs: TIMEOUTS.objects,
        transfer: changes.flatMap(({ bytes }) => (bytes ? [bytes.buffer] : [])),
      },
    );
  }

  async #round(time: number, signal: AbortSignal): Promise<void> {
    if (!this.#thread.isReady) {
      return;
    }

    // Each page that is on its way to the worker listens to it.
    setMaxListeners(0, signal);

    try {
      await allDone([
        this.#thread.call({ kind: 'begin', time }, { timeoutMs: TIMEOUTS.begin, signal }),
        this.#scrape(time, signal),
        this.#addOwnMetrics(time, signal),
      ]);

      const call = { kind: 'end', time } as const;
      const end = await this.#thread.call(call, { timeoutMs: TIMEOUTS.end, signal });

      this.#lastRound = time;
      this.#figures = end.kind === 'round' ? end : undefined;
    } catch (error) {
      if (!signal.aborted) {
        this.#options.log.warn(`metrics of a minute are incomplete: ${messageOf(error)}`);
      }
    }
  }

  /** Adds the pages of kubelets and applications, as far as they come in time. */
  async #scrape(time: number, signal: AbortSignal): Promise<void> {
    const intervalMs = this.#options.intervalMs ?? INTERVAL_MS;
    const deadline = new Deadline(intervalMs * SCRAPE_SHARE, signal);

    try {
      await allDone([
        this.#kubelets?.scrape(
          this.#kubeletNodes(),
          ({ node, page, bytes, seconds }) =>
            this.#addPage(
              { time, source: { kind: 'kubelet', node, page }, bytes, seconds },
              signal,
            ),
          deadline.signal,
        ),
        this.#targets.scrape(({ index, page, seconds }) => {
          const source = { kind: 'target', index, format: page?.format ?? 'text' } as const;
          return this.#addPage({ time, source, bytes: page?.bytes, seconds }, signal);
        }, deadline.signal),
      ]);
    } finally {
      deadline.end();
    }
  }

  /** Returns the nodes that have a kubelet. */
  #kubeletNodes(): string[] {
    const { objects, collector } = this.#options;
    const nodes = objects.find(({ kind }) => kind === 'nodes');

    return Array.from(nodes?.store.values() ?? [])
      .filter(({ annotations }) => annotations[collector.simulatedAnnotation] !== 'true')
      .map(({ name }) => name)
      .filter((name) => name !== collector.hostNode);
  }

  async #addOwnMetrics(time: number, signal: AbortSignal): Promise<void> {
    const { ownMetrics } = this.#options;
    if (!ownMetrics) {
      return;
    }

    const started = performance.now();
    const bytes = await pageOf(ownMetrics);
    const seconds = (performance.now() - started) / 1000;

    await this.#addPage({ time, source: { kind: 'apiserver' }, bytes, seconds }, signal);
  }

  async #addPage(page: FetchedPage, signal: AbortSignal): Promise<void> {
    await this.#thread.call(
      { kind: 'page', page },
      {
        timeoutMs: TIMEOUTS.page,
        signal,
        transfer: page.bytes ? [page.bytes.buffer] : [],
      },
    );
  }
}

/** Resolves when all work has ended; rejects then, if some of it failed. */
async function allDone(work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
}

/** Returns a page that can be given to the worker; undefined where it cannot be made. */
async function pageOf(
  make: () => string | Promise<string>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(Buffer.from(await make()));
  } catch {
    // The series `up` tells it.
    return undefined;
  }
}
