// The series of a day: an invented cluster, and what the recording rules make of it.
import { rmSync } from 'node:fs';
import { withTargetLabels } from '../../packages/metrics/dist/ingest/target-labels.js';
import { makeLabels } from '../../packages/metrics/dist/labels/labels.js';
import { StoreQueries } from '../../packages/metrics/dist/queries/store-queries.js';
import { RuleEvaluator } from '../../packages/metrics/dist/rules/rule-evaluator.js';
import { ruleGroups } from '../../packages/metrics/dist/rules/rules.js';
import { MetricStore } from '../../packages/metrics/dist/store/metric-store.js';
import { inventCluster } from '../../test/real/metrics/invented-cluster.mjs';
import { gauge, valueAt } from '../../test/real/metrics/invented-series.mjs';
import { StoreFiller } from './store-filler.mjs';

export const START = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const MINUTES = 24 * 60;

/** Minutes after which every rule has a result. */
const WARM_UP = 6;

const variant = /** @type {const} */ ({
  kubeStateMetrics: 2,
  nodeExporter: 'upstream',
  source: 'embedded',
});

/** @typedef {import('../../test/real/metrics/invented-cluster.mjs').InventedTarget} InventedTarget */

/** Returns what the recording rules make of targets, as a target of its own. */
async function recorded(/** @type {InventedTarget[]} */ targets, directory) {
  const time = START + WARM_UP * MINUTE;
  const log = { info: () => {}, warn: console.log };
  const store = await MetricStore.open({ directory, log, now: () => time });
  const filler = new StoreFiller(store, targets);

  for (let minute = 0; minute <= WARM_UP; minute++) {
    filler.add(START + minute * MINUTE);
  }

  await new RuleEvaluator(
    store,
    ruleGroups(variant).flatMap(({ rules }) => rules),
    log,
  ).evaluate(time);

  const query = '{__name__=~".*:.*"}';
  const { result } = await new StoreQueries(store.reader).query(query, time / 1000);
  await store.close();
  rmSync(directory, { recursive: true, force: true });

  return {
    labels: {},
    honorLabels: true,
    isStamped: false,
    series: /** @type {any[]} */ (result).map(({ metric: { __name__: name, ...labels }, value }) =>
      gauge(name, labels, Number(value[1])),
    ),
  };
}

/**
 * Returns the targets of a cluster, recorded series among them.
 * @param {{ nodes: number, pods: number, namespaces: number }} size
 * @param {string} scratch a directory that does not exist
 */
export async function targetsOfDay(size, scratch) {
  const targets = inventCluster(size);

  // What exporters say about themselves is recorded by whoever scrapes them.
  const up = targets.map(({ labels: { job, instance } }) => ({
    ...gauge('up', { job, instance }, 1),
    kind: /** @type {const} */ ('fixed'),
  }));
  const all = [...targets, { labels: {}, honorLabels: true, isStamped: false, series: up }];

  return [...all, await recorded(all, scratch)];
}

/** Returns all series with their whole labels, and how to compute their values. */
export function allSeries(/** @type {InventedTarget[]} */ targets) {
  return targets.flatMap(({ labels, honorLabels, series }) =>
    series.map((one, seed) => ({
      labels: withTargetLabels(
        {
          labels: makeLabels([['__name__', one.name], ...Object.entries(one.labels)]),
          empty: [],
        },
        { labels, ownLabels: honorLabels ? 'keep' : 'rename' },
      ),
      valueAt: (time) => valueAt(one, time / 1000, seed),
    })),
  );
}
