import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { type KubeTransport, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeletPage } from '../collect/collector-options.ts';
import { FairLanes } from './fair-lanes.ts';

/** How kubelets are asked. */
export interface ScraperOptions {
  /** Calls go through the node proxy of the API behind it. */
  readonly transport: Pick<KubeTransport, 'request'>;
  /** How many nodes are asked at once. */
  readonly concurrency?: number;
  /** Longest time of a call in milliseconds. */
  readonly timeoutMs?: number;
  /** Largest page in bytes. */
  readonly maxBytes?: number;
}

/** A page of a kubelet; `bytes` is undefined when it did not come. */
export interface ScrapedPage {
  readonly node: string;
  readonly page: KubeletPage;
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly seconds: number;
}

const PATHS: Readonly<Record<KubeletPage, string>> = {
  cadvisor: 'metrics/cadvisor',
  resource: 'metrics/resource',
  summary: 'stats/summary',
};

const DEFAULTS = { concurrency: 10, timeoutMs: 15_000, maxBytes: 16 * 1024 * 1024 } as const;

/** Asks the kubelets of nodes for their metrics. A node that does not answer costs only itself. */
export class KubeletScraper {
  readonly #options: ScraperOptions;
  readonly #lanes: FairLanes;

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#lanes = new FairLanes(options.concurrency ?? DEFAULTS.concurrency);
  }

  /**
   * Asks nodes and calls back with each page. Pages that did not come when the signal is aborted
   * count as missing.
   */
  async scrape(
    nodes: readonly string[],
    each: (page: ScrapedPage) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#lanes.run(nodes, (node) => this.#scrapeNode(node, each, signal));
  }

  /** Returns whether the node answered. */
  async #scrapeNode(
    node: string,
    each: (page: ScrapedPage) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const containers = await this.#fetch(node, 'cadvisor', signal);
    await each(containers);

    const summary = await this.#fetch(node, 'summary', signal);
    await each(summary);

    if (containers.bytes || summary.bytes) {
      return true;
    }

    const resource = await this.#fetch(node, 'resource', signal);

    if (resource.bytes) {
      await each(resource);
    }

    return resource.bytes !== undefined;
  }

  async #fetch(node: string, page: KubeletPage, signal: AbortSignal): Promise<ScrapedPage> {
    const started = performance.now();
    const end = new AbortController();
    const timeoutMs = this.#options.timeoutMs ?? DEFAULTS.timeoutMs;
    const deadline = new Deadline(timeoutMs, signal, end.signal);

    const done = (bytes: Uint8Array<ArrayBuffer> | undefined): ScrapedPage => ({
      node,
      page,
      bytes,
      seconds: (performance.now() - started) / 1000,
    });

    try {
      const { status, body } = await this.#options.transport.request({
        method: 'GET',
        url: `/api/v1/nodes/${encodeURIComponent(node)}/proxy/${PATHS[page]}`,
        headers: { accept: page === 'summary' ? 'application/json' : 'text/plain' },
        signal: deadline.signal,
      });

      const isOk = status >= 200 && status < 300;
      const maxBytes = this.#options.maxBytes ?? DEFAULTS.maxBytes;

      // A copy in memory of its own can be given to the worker.
      return done(isOk ? new Uint8Array(await readBody(body, maxBytes)) : undefined);
    } catch {
      // Whether a node answers is told by the series `up`.
      return done(undefined);
    } finally {
      // A body that was not read to its end is given up.
      end.abort();
      deadline.end();
    }
  }
}
