import { bytesAsText, PageText } from '../exposition/page-text.ts';
import type { TargetKey, TargetSet } from '../ingest/target-set.ts';
import type { ClusterState, NodeFacts } from '../scrape/cluster/cluster-state.ts';
import { exporterLabels, renderExporter } from '../scrape/cluster/exporter.ts';
import { hostPage } from '../scrape/host/host-page.ts';
import { SimulatedNode } from '../scrape/simulated/simulated-node.ts';
import { SimulatedPods } from '../scrape/simulated/simulated-pods.ts';
import type { CollectorOptions } from './collector-options.ts';

/** Returns the target of what a node exporter would tell about a node. */
export function exporterTarget(node: string): TargetKey {
  return { key: `exporter/${node}`, options: () => ({ labels: exporterLabels(node) }) };
}

/** Returns the target of what a kubelet would tell about its pods. */
function kubeletTarget(node: string): TargetKey {
  return {
    key: `simulated/${node}`,
    options: () => ({
      labels: { job: 'kubelet', instance: node, node, metrics_path: '/simulated' },
    }),
  };
}

/** The series of nodes that are not asked over the network: this machine, and simulated ones. */
export class NodeSeries {
  readonly #cluster: ClusterState;
  readonly #options: CollectorOptions;
  readonly #simulated = new Map<string, SimulatedNode>();

  constructor(cluster: ClusterState, options: CollectorOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Adds the series at a time in milliseconds. */
  async add(targets: TargetSet, time: number): Promise<void> {
    this.#addPlaces(targets, time);

    for (const node of this.#cluster.nodes.values()) {
      if (this.#isSimulated(node)) {
        this.#addSimulated(targets, node, time);
      }
    }

    const { hostNode } = this.#options;
    if (hostNode !== undefined) {
      const page = await hostPage();
      targets.add(exporterTarget(hostNode), { time, page: bytesAsText(page) });
    }

    for (const name of this.#simulated.keys()) {
      if (!this.#cluster.nodes.has(`/${name}`)) {
        this.#simulated.delete(name);
      }
    }
  }

  #isSimulated({ annotations }: NodeFacts): boolean {
    return annotations[this.#options.simulatedAnnotation] === 'true';
  }

  /** Tells to which node each exporter belongs. */
  #addPlaces(targets: TargetSet, time: number): void {
    const { instance, hostNode } = this.#options;
    const page = new PageText();
    const nodes = [...this.#cluster.nodes.values()];

    for (const node of nodes) {
      renderExporter(page, node);
    }

    if (hostNode !== undefined && !nodes.some(({ name }) => name === hostNode)) {
      renderExporter(page, { name: hostNode, address: '' });
    }

    const target: TargetKey = {
      key: 'exporters',
      options: () => ({
        labels: { job: 'kube-state-metrics', instance, metrics_path: '/exporters' },
        ownLabels: 'keep',
      }),
    };

    targets.add(target, { time, page: bytesAsText(page.toString()) });
  }

  #addSimulated(targets: TargetSet, node: NodeFacts, time: number): void {
    const simulated = this.#simulated.get(node.name) ?? new SimulatedNode();
    const pods = new SimulatedPods(time / 1000);

    this.#simulated.set(node.name, simulated);

    for (const pod of this.#cluster.podsOf(node.name)) {
      pods.add(pod);
    }

    const page = simulated.page(node, pods.usage, time / 1000);

    targets.add(kubeletTarget(node.name), { time, page: bytesAsText(pods.page) });
    targets.add(exporterTarget(node.name), { time, page: bytesAsText(page) });
  }
}
