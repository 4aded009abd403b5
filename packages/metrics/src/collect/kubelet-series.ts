import { bytesAsText } from '../exposition/page-text.ts';
import type { Scrape, TargetKey, TargetSet } from '../ingest/target-set.ts';
import type { ClusterState, NodeFacts } from '../scrape/cluster/cluster-state.ts';
import { cadvisorOptions, resourceOptions } from '../scrape/kubelet/cadvisor.ts';
import { type SummaryPages, summaryPages } from '../scrape/kubelet/summary.ts';
import type { KubeletPage } from './collector-options.ts';
import { exporterTarget } from './node-series.ts';

function textOf(page: string | undefined): string | undefined {
  return page === undefined ? undefined : bytesAsText(page);
}

/** What came from a kubelet in a round that is not complete. */
interface Round {
  summary: SummaryPages | undefined;
  hasContainers: boolean;
}

function part(node: string, name: string, path: string): TargetKey {
  return {
    key: `kubelet/${node}/${name}`,
    options: () => ({
      labels: { job: 'kubelet', instance: node, node, metrics_path: path },
      ownLabels: 'keep',
    }),
  };
}

/**
 * The series of nodes whose kubelet was asked. Containers are taken from the page that tells most
 * about them of those that the kubelet has shown.
 */
export class KubeletSeries {
  readonly #cluster: ClusterState;
  readonly #rounds = new Map<string, Round>();

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  /** Adds a page; throws a SyntaxError for a summary that cannot be read. */
  add(targets: TargetSet, node: string, { page, scrape }: { page: KubeletPage; scrape: Scrape }) {
    const round = this.#roundOf(node);

    switch (page) {
      case 'cadvisor': {
        const key = { key: `kubelet/${node}/cadvisor`, options: () => cadvisorOptions(node) };
        round.hasContainers ||= targets.add(key, scrape);
        break;
      }
      case 'resource': {
        const key = { key: `kubelet/${node}/resource`, options: () => resourceOptions(node) };
        round.hasContainers ||= targets.add(key, scrape);
        break;
      }
      case 'summary':
        this.#addSummary(targets, node, scrape);
    }
  }

  /** Ends a round: takes containers from the summary where there was no better page. */
  finish(targets: TargetSet, time: number): void {
    for (const [node, { hasContainers, summary }] of this.#rounds) {
      if (!hasContainers && summary) {
        const key = part(node, 'containers', '/stats/summary/containers');
        targets.add(key, { time, page: bytesAsText(summary.containers) });
      }
    }

    this.#rounds.clear();
  }

  #addSummary(targets: TargetSet, node: string, scrape: Scrape): void {
    const { time, page, seconds } = scrape;
    const json = page && Buffer.from(page, 'latin1').toString();
    const pages = json === undefined ? undefined : this.#read(node, json, time);

    this.#roundOf(node).summary = pages;
    targets.add(part(node, 'volumes', '/stats/summary'), {
      ...scrape,
      page: textOf(pages?.volumes),
    });
    targets.add(exporterTarget(node), {
      time,
      page: textOf(pages?.node),
      ...(seconds && { seconds }),
    });
  }

  #read(node: string, json: string, time: number): SummaryPages | undefined {
    const facts = this.#factsOf(node);
    return facts && summaryPages(json, { facts, cluster: this.#cluster, time: time / 1000 });
  }

  #factsOf(node: string): NodeFacts | undefined {
    return this.#cluster.nodes.get(`/${node}`);
  }

  #roundOf(node: string): Round {
    const round = this.#rounds.get(node) ?? { summary: undefined, hasContainers: false };
    this.#rounds.set(node, round);
    return round;
  }
}
