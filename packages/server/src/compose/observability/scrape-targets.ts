import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { ScrapeSource } from '@ks-apiserver/metrics/embedded/target-scraper';
import { ConfigError } from '../../config/config.ts';
import type { Config } from '../../config/config-schema.ts';
import { PageClient } from '../../models/monitoring/embedded/page-client.ts';
import {
  type PageTarget,
  readScrapeTargets,
} from '../../models/monitoring/embedded/scrape-targets.ts';

const PATH = 'monitoring.embedded.scrapeTargets';

/** The configured pages of applications. */
export interface OpenPages {
  readonly targets: readonly PageTarget[];
  /** Who shows the page of each target, in the same order. */
  readonly sources: readonly ScrapeSource[];
  close(): Promise<void>;
}

function read({ monitoring }: Config): PageTarget[] {
  try {
    return readScrapeTargets(monitoring.embedded.scrapeTargets);
  } catch (error) {
    throw new ConfigError(`${PATH}${messageOf(error)}`);
  }
}

function clientOf(caFile: string): PageClient {
  try {
    return new PageClient(caFile);
  } catch (error) {
    throw new ConfigError(`${PATH}: caFile: ${messageOf(error)}`);
  }
}

/** Returns what scrapes the configured pages. Throws a ConfigError for those that cannot be. */
export function openPages(config: Config): OpenPages {
  const targets = read(config);
  const clients = new Map(
    [...new Set(targets.map(({ caFile }) => caFile))].map((caFile) => [caFile, clientOf(caFile)]),
  );

  const sources = targets.map(({ url, labels, caFile }) => {
    const client = clients.get(caFile) ?? clientOf(caFile);

    return {
      name: `the target ${labels.instance} of the job ${labels.job}`,
      fetch: (signal: AbortSignal) => client.fetch(url, signal),
    };
  });

  return {
    targets,
    sources,
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
