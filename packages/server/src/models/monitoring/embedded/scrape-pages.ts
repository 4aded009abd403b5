import { type MetricPage, PageClient } from './page-client.ts';
import { type PageTarget, readScrapeTargets, type ScrapeTargetConfig } from './scrape-targets.ts';

/** A page that can be fetched. */
export interface ScrapePage {
  /** Tells whose page it is. */
  readonly name: string;
  /** Rejects when the page does not come. */
  readonly fetch: (signal: AbortSignal) => Promise<MetricPage>;
}

/** The configured pages of applications. */
export class ScrapePages {
  readonly targets: readonly PageTarget[];
  /** The page of each target, in the same order. */
  readonly pages: readonly ScrapePage[];
  readonly #clients = new Map<string, PageClient>();

  /** Throws an Error for targets that cannot be scraped, and for authorities that are not there. */
  constructor(configured: readonly ScrapeTargetConfig[]) {
    this.targets = readScrapeTargets(configured);

    this.pages = this.targets.map(({ url, labels, caFile }) => {
      const client = this.#clientOf(caFile);

      return {
        name: `the target ${labels.instance} of the job ${labels.job}`,
        fetch: (signal) => client.fetch(url, signal),
      };
    });
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  /** Returns the client that trusts the authorities of a file. */
  #clientOf(caFile: string): PageClient {
    const client = this.#clients.get(caFile) ?? new PageClient(caFile);
    this.#clients.set(caFile, client);
    return client;
  }
}
