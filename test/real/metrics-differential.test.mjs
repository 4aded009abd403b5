// Compares the embedded metrics with a real Prometheus 2.42: both scrape the pages of an invented
// cluster and evaluate the recording rules; then every template of the monitoring API and every
// rule must have the same results.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedMetrics } from '../../packages/metrics/dist/embedded/embedded-metrics.js';
import { ruleManifest } from '../../packages/metrics/dist/rules/manifest.js';
import { ruleGroups } from '../../packages/metrics/dist/rules/rules.js';
import { ScrapePages } from '../../packages/server/dist/models/monitoring/embedded/scrape-pages.js';
import { inventCluster } from './metrics/invented-cluster.mjs';
import { PageServer, SLOT_MS } from './metrics/page-server.mjs';
import { templateExpressions } from './metrics/template-expressions.mjs';
import { hasPrometheus, RULES_FILE, runPrometheus } from './prometheus.mjs';
import { difference } from './promql/compare.mjs';

/** @typedef {[name: string, expression: string]} Named */

const skip = hasPrometheus() ? false : 'needs Prometheus';
const SLOT = SLOT_MS / 1000;

/** How often the numbers change, and when one pod goes and another comes. */
const SLOTS = 6;
const CHANGE = 3;

/** Distance of scrapes, and of evaluations of rules. */
const INTERVAL_MS = 1000;

const variant = /** @type {const} */ ({ kubeStateMetrics: 2, nodeExporter: 'upstream' });
const targets = inventCluster({ nodes: 24, pods: 480, namespaces: 11 });

const podLabels = targets[0].series
  .filter(({ name }) => name === 'kube_pod_info')
  .map(({ labels }) => labels);
const [goes, comes] = [podLabels[37].pod, podLabels[49].pod];

const templates = templateExpressions({
  namespace: 'project-1',
  pod: podLabels.find(({ namespace }) => namespace === 'project-1')?.pod,
  storageClass: 'fast',
});

const pages = new PageServer(targets, {
  clients: 2,
  isShown: ({ labels: { pod } }, slot) =>
    !(pod === goes && slot >= CHANGE) && !(pod === comes && slot < CHANGE),
});

const directory = mkdtempSync(join(tmpdir(), 'ks-differential-'));
const messages = [];

/** @type {EmbeddedMetrics} */
let embedded;
/** @type {ScrapePages} */
let scraped;
/** @type {Awaited<ReturnType<typeof runPrometheus>>} */
let prometheus;
/** Seconds of a moment from which on all that rules record stays the same. */
let steady;

const prometheusConfig = () => ({
  global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
  rule_files: [RULES_FILE],
  scrape_configs: targets.map(({ labels, honorLabels }, index) => ({
    job_name: `target-${index}`,
    metrics_path: PageServer.path(index),
    honor_labels: honorLabels,
    static_configs: [{ targets: [pages.address], labels }],
  })),
});

function startEmbedded() {
  scraped = new ScrapePages(
    targets.map(({ labels, honorLabels }, index) => ({
      url: `http://${pages.address}${PageServer.path(index)}`,
      labels,
      honorLabels,
      caFile: '',
    })),
  );

  return EmbeddedMetrics.start({
    store: { directory },
    collector: {
      instance: 'ks',
      simulatedAnnotation: 'example.com/simulated',
      targets,
      collects: 'targets',
      rules: { ...variant, source: 'prometheus' },
    },
    log: { info: () => {}, warn: (message) => messages.push(message) },
    workerPath: new URL('../../packages/metrics/dist/worker/main.js', import.meta.url),
    objects: [],
    targets: scraped.pages,
    intervalMs: INTERVAL_MS,
  });
}

/** Waits until a condition holds. */
async function until(/** @type {() => boolean} */ condition) {
  while (!condition()) {
    await sleep(50);
  }
}

before(async () => {
  if (skip) {
    return;
  }

  await pages.listen();
  prometheus = await runPrometheus(prometheusConfig(), ruleManifest({ variant }).spec);
  embedded = startEmbedded();

  await prometheus.scraped('up{job="nginx"} == 1');
  await until(() => embedded.lastRound > 0);
  pages.begin(SLOTS);
  await until(() => pages.isComplete);

  // Rates that look at the distance of the last sample do not change any more after a slot and a
  // half. The rule that looks 90 s back changes at the beginning of slots.
  const earliest = Date.now() + 1.5 * SLOT_MS;
  const isSteady = (time) => time > earliest && time % SLOT_MS >= 2 * INTERVAL_MS;

  await until(() => isSteady(embedded.lastRound));
  steady = embedded.lastRound / 1000;
  await until(() => embedded.lastRound / 1000 > steady + SLOT);
});

after(async () => {
  pages.close();
  await embedded?.stop();
  await scraped?.close();
  await prometheus?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Calls Prometheus' HTTP API; fails where it does not answer with a result. */
async function ask(path, form) {
  const body = new URLSearchParams(form);
  const answer = await fetch(`${prometheus.url}/api/v1/${path}`, { method: 'POST', body });
  const { status, data, error } = await answer.json();
  assert.equal(status, 'success', `${form.query}: ${error}`);

  return data;
}

/**
 * Compares expressions at a time; returns the names of those that have no result.
 * @param {Named[]} expressions
 * @param {number} time
 */
async function compareAt(expressions, time) {
  const empty = [];

  for (const [name, query] of expressions) {
    const theirs = await ask('query', { query, time: String(time) });
    const ours = await embedded.queries.query(query, time);

    assert.equal(difference(ours, theirs), undefined, `${name}: ${query}`);

    if (theirs.result.length === 0) {
      empty.push(name);
    }
  }

  return empty;
}

/**
 * Compares expressions over a range; returns how many points there were.
 * @param {Named[]} expressions
 * @param {{ start: number, end: number, step: number }} range
 */
async function compareOver(expressions, { start, end, step }) {
  let points = 0;

  for (const [name, query] of expressions) {
    const range = { start: String(start), end: String(end), step: String(step) };
    const theirs = await ask('query_range', { query, ...range });
    const ours = await embedded.queries.queryRange(query, { start, end, step });

    assert.equal(difference(ours, theirs), undefined, `${name}: ${query}`);
    points += theirs.result.reduce((sum, { values }) => sum + values.length, 0);
  }

  return points;
}

test('every template of the monitoring API has the same result', { skip }, async (t) => {
  assert.deepEqual(messages, []);
  assert.deepEqual(await compareAt(templates, steady), []);
  t.diagnostic(`${templates.length} templates, none without a result`);
});

test('every recording rule of every variant has the same result', { skip }, async (t) => {
  const recorded = ruleGroups({ ...variant, source: 'prometheus' }).flatMap(({ rules }) => rules);
  const names = [...new Set(recorded.map(({ record }) => record))];
  const empty = await compareAt(
    names.map((name) => [name, name]),
    steady,
  );
  assert.deepEqual(empty, []);

  const variants = /** @type {const} */ ([1, 2]).flatMap((kubeStateMetrics) =>
    /** @type {const} */ (['kubesphere', 'upstream']).flatMap((nodeExporter) =>
      /** @type {const} */ (['prometheus', 'embedded']).map((source) => ({
        kubeStateMetrics,
        nodeExporter,
        source,
      })),
    ),
  );
  const expressions = new Map(
    variants
      .flatMap((one) => ruleGroups(one))
      .flatMap(({ rules }) => rules.map(({ record, expr }) => [expr, record])),
  );

  await compareAt(
    Array.from(expressions, ([expression, record]) => [record, expression]),
    steady,
  );
  t.diagnostic(`${names.length} recorded metrics, ${expressions.size} different expressions`);
});

test('while the numbers change, what is read of them is the same', { skip }, async (t) => {
  const isOfStamped = (expression) => {
    const names = expression.replace(/"[^"]*"/g, '');
    return !/[a-z_]:|:[a-z_]|\bup\{|\bkube_/.test(names);
  };
  const names = new Set(
    targets
      .filter(({ isStamped }) => isStamped)
      .flatMap(({ series }) => series.map(({ name }) => name)),
  );
  const stamped = [
    ...templates.filter(([, expression]) => isOfStamped(expression)),
    ...[...names].flatMap((name) => [
      /** @type {Named} */ ([name, `sum by (job) (${name})`]),
      /** @type {Named} */ ([name, `sum by (job, instance) (rate(${name}[15s]))`]),
    ]),
  ];
  const range = { start: (pages.slots[0] ?? 0) / 1000, end: steady, step: 1 };
  const points = await compareOver(stamped, range);

  t.diagnostic(`${stamped.length} expressions, ${points} points`);
  assert.ok(stamped.length > 120 && points > 10_000, `${stamped.length} ${points}`);
});

test('what rules record is the same over a range', { skip }, async (t) => {
  const constant = templates.filter(([name]) => !/^(namespace|workspace)_cpu_usage$/.test(name));
  const points = await compareOver(constant, { start: steady, end: steady + SLOT, step: 1 });

  t.diagnostic(`${constant.length} templates, ${points} points`);
});

test('the series about scrapes and the ends of series are the same', { skip }, async () => {
  const pods = `{__name__=~"kube_.*", pod=~"${goes}|${comes}"}`;
  const expressions = /** @type {Named[]} */ (
    [
      'up',
      'count by (job, instance, namespace, pod, node) ({__name__=~"scrape_.*"})',
      'scrape_samples_scraped',
      'scrape_samples_post_metric_relabeling',
      'count by (__name__, job, instance) ({__name__!~"|scrape_.*"})',
      'group by (exported_namespace, namespace, job) ({job="nginx"})',
      pods,
    ].map((query) => [query, query])
  );
  const beforeChange = (pages.slots[CHANGE] ?? 0) / 1000 - 0.5;

  for (const time of [beforeChange, steady]) {
    assert.deepEqual(await compareAt(expressions, time), []);
  }

  const { result } = await ask('query', { query: `count by (pod) (${pods})`, time: steady });
  assert.deepEqual(
    result.map(({ metric }) => metric.pod),
    [comes],
  );
});
