import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { PageFormat } from '../exposition/page-reader.ts';
import { seriesText } from '../exposition/page-text.ts';
import type { TargetOptions } from '../ingest/target.ts';
import { type Scrape, TargetSet } from '../ingest/target-set.ts';
import { makeLabels } from '../labels/labels.ts';
import { StoreQueries } from '../queries/store-queries.ts';
import { EMBEDDED, type RecordingRule } from '../rules/rule.ts';
import { RuleEvaluator } from '../rules/rule-evaluator.ts';
import { ruleGroups } from '../rules/rules.ts';
import { ClusterState } from '../scrape/cluster/cluster-state.ts';
import type { ObjectKind } from '../scrape/objects/object-kinds.ts';
import { MetricStore, type StoreFigures } from '../store/metric-store.ts';
import type { StoreLog, StoreOptions } from '../store/store-options.ts';
import type {
  CollectorOptions,
  ObjectChange,
  PageSource,
  ScrapeTarget,
} from './collector-options.ts';
import { KubeletSeries } from './kubelet-series.ts';
import { NodeSeries } from './node-series.ts';
import { ObjectSeries } from './object-series.ts';

/** A page that was fetched, or not. */
export interface FetchedPage {
  /** Time of the round in milliseconds. */
  readonly time: number;
  readonly source: PageSource;
  /** Undefined when it could not be fetched. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** How long it took. */
  readonly seconds: number;
}

/**
 * Makes the series of a cluster and keeps them, round by round: `begin`, pages as they come, `end`.
 * It asks nobody over the network.
 */
export class Collector {
  readonly queries: StoreQueries;
  readonly #store: MetricStore;
  readonly #log: StoreLog;
  readonly #options: CollectorOptions;
  readonly #targets: TargetSet;
  readonly #objects: ObjectSeries;
  readonly #nodes: NodeSeries;
  readonly #kubelets: KubeletSeries;
  readonly #rules: RuleEvaluator;
  readonly #failing = new Set<string>();
  #begun: Promise<void> = Promise.resolve();

  private constructor(store: MetricStore, options: CollectorOptions, log: StoreLog) {
    const cluster = new ClusterState();

    this.#store = store;
    this.#log = log;
    this.#options = options;
    this.#targets = new TargetSet(store, (key, error) => this.#report(key, error));
    this.#objects = new ObjectSeries(cluster, log);
    this.#nodes = new NodeSeries(cluster, options);
    this.#kubelets = new KubeletSeries(cluster);
    this.#rules = new RuleEvaluator(store, rulesOf(options), log);
    this.queries = new StoreQueries(store.reader, () => this.#targets.described());
  }

  /** Opens the store and what was kept in it. */
  static async open(store: StoreOptions, options: CollectorOptions): Promise<Collector> {
    return new Collector(await MetricStore.open(store), options, store.log);
  }

  get figures(): StoreFigures {
    return this.#store.figures;
  }

  /** Takes changes of the cluster's objects. */
  apply(kind: ObjectKind, changes: readonly ObjectChange[]): void {
    this.#objects.apply(kind, changes);
  }

  /** Begins the round of a time in milliseconds with what need not be fetched. */
  begin(time: number): Promise<void> {
    if (this.#options.collects === 'targets') {
      return Promise.resolve();
    }

    this.#objects.add(this.#targets, { instance: this.#options.instance, time });
    this.#begun = this.#nodes.add(this.#targets, time);

    return this.#begun;
  }

  /** Adds a page of the round. One that cannot be read costs its target only. */
  add({ time, source, bytes, seconds }: FetchedPage): void {
    const page = bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const scrape = { time, page: page?.toString('latin1'), seconds };

    try {
      switch (source.kind) {
        case 'kubelet':
          this.#kubelets.add(this.#targets, source.node, { page: source.page, scrape });
          break;
        case 'apiserver':
          this.#addApiServer(scrape);
          break;
        case 'target':
          this.#addTarget(source, scrape);
      }
    } catch (error) {
      this.#report(JSON.stringify(source), error);
    }
  }

  /** Ends the round: evaluates the rules, and has the disk keep all of it. */
  async end(time: number): Promise<void> {
    await this.#begun;

    this.#kubelets.finish(this.#targets, time);
    this.#targets.finish(time);

    await this.#rules.evaluate(time);
    await this.#store.commit();
    await this.#store.maintain();
  }

  async close(): Promise<void> {
    await this.#begun;
    await this.#store.close();
  }

  #addApiServer(scrape: Scrape): void {
    const { instance } = this.#options;
    const options = () => ({ labels: { job: 'apiserver', instance, metrics_path: '/metrics' } });

    this.#targets.add({ key: 'apiserver', options }, scrape);
  }

  #addTarget({ index, format }: { index: number; format: PageFormat }, scrape: Scrape): void {
    const target = this.#options.targets?.[index];
    if (!target) {
      return;
    }

    const { labels, honorLabels } = target;
    const options = (): TargetOptions => ({
      labels,
      ownLabels: honorLabels ? 'keep' : 'rename',
      timestamps: 'keep',
      report: 'in full',
    });

    this.#targets.add({ key: targetName(labels), options }, { ...scrape, format });
  }

  /** Reports the first failure of a target. */
  #report(target: string, error: unknown): void {
    if (!this.#failing.has(target) && this.#failing.size < 1000) {
      this.#failing.add(target);
      this.#log.warn(`metrics of ${target} could not be read: ${messageOf(error)}`);
    }
  }
}

function rulesOf({ rules = EMBEDDED }: CollectorOptions): RecordingRule[] {
  return rules === 'none' ? [] : ruleGroups(rules).flatMap((group) => group.rules);
}

/** Returns the labels of a target as PromQL writes them; they tell targets apart. */
function targetName(labels: ScrapeTarget['labels']): string {
  return seriesText(makeLabels(Object.entries(labels)));
}
