// Compares the embedded metrics store with Prometheus: the same series of a day in both, and the
// expressions of all metrics of the monitoring API. The first run takes some ten minutes to fill
// both; what it has made is kept in .cache/bench.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreQueries } from '../../packages/metrics/dist/queries/store-queries.js';
import { MetricStore } from '../../packages/metrics/dist/store/metric-store.js';
import { packedAnswer } from '../../packages/metrics/dist/worker/query-calls.js';
import { templateExpressions } from '../../test/real/metrics/template-expressions.mjs';
import { hasPrometheus, startStored } from '../../test/real/prometheus.mjs';
import { labelBytes, RemoteWriter } from './remote-write.mjs';
import { allSeries, MINUTE, MINUTES, START, targetsOfDay } from './series.mjs';
import { StoreFiller } from './store-filler.mjs';

const cache = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));
const END = START + (MINUTES - 1) * MINUTE;
const NODES = 100;

/** Minutes of each series that are sent to Prometheus at once. */
const CHUNK = 30;

const log = { info: () => {}, warn: console.log };
const openStore = (directory) =>
  MetricStore.open({ directory, log, now: () => END, retentionMs: 30 * 24 * 60 * MINUTE });

async function fillStore(targets, directory) {
  let now = START;
  const store = await MetricStore.open({ directory, log, now: () => now });
  const filler = new StoreFiller(store, targets);

  for (; now <= END; now += MINUTE) {
    filler.add(now);
    await store.commit();
    await store.maintain();
  }

  await store.close();
}

async function fillPrometheus(targets, directory) {
  const prometheus = await startStored(directory);

  try {
    const series = allSeries(targets).map(({ labels, valueAt }) => ({
      bytes: labelBytes(labels),
      valueAt,
    }));
    const writer = new RemoteWriter(prometheus.url);

    for (let minute = 0; minute < MINUTES; minute += CHUNK) {
      const times = Array.from({ length: CHUNK }, (_, at) => START + (minute + at) * MINUTE);

      for (const { bytes, valueAt } of series) {
        await writer.add(bytes, times, valueAt);
      }
      // The next samples of a series must come after these.
      await writer.end();
    }
  } finally {
    await prometheus.stop();
  }
}

/** Makes the data of both where they are not there yet; returns their directory. */
async function filled(size) {
  const directory = join(cache, `day-${size.nodes}-${size.pods}`);
  if (existsSync(directory)) {
    return directory;
  }

  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });

  const targets = await targetsOfDay(size, join(partial, 'scratch'));
  const series = targets.reduce((sum, { series: some }) => sum + some.length, 0);
  console.log(`filling both with ${series} series of ${MINUTES} minutes`);

  let started = performance.now();
  const took = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;

  await fillStore(targets, join(partial, 'store'));
  console.log(`the store is filled in ${took()}`);
  started = performance.now();
  await fillPrometheus(targets, join(partial, 'prometheus'));
  console.log(`Prometheus is filled in ${took()}`);

  writeFileSync(join(partial, 'series'), String(series));
  renameSync(partial, directory);

  return directory;
}

const range = { start: START / 1000, end: END / 1000, step: 600 };

/** How an expression is evaluated by each of the two, at a time or over the day. */
function askers(queries, prometheus) {
  const signal = new AbortController().signal;
  const post = async (path, form) => {
    const body = new URLSearchParams(form);
    const answer = await fetch(`${prometheus.url}/api/v1/${path}`, { method: 'POST', body });
    const text = await answer.text();

    if (!answer.ok) {
      throw new Error(text.slice(0, 300));
    }
  };
  const time = END / 1000;
  const texts = Object.fromEntries(Object.entries(range).map(([key, value]) => [key, `${value}`]));

  return {
    instant: {
      ours: (expression) => packedAnswer(queries, { method: 'query', expression, time }, signal),
      theirs: (query) => post('query', { query, time: String(time) }),
    },
    day: {
      ours: (expression) =>
        packedAnswer(queries, { method: 'queryRange', expression, range }, signal),
      theirs: (query) => post('query_range', { query, ...texts }),
    },
  };
}

/** Returns the milliseconds of each expression, the best of some runs. */
async function timesOf(expressions, ask, runs) {
  const best = new Map();

  for (let run = 0; run < runs; run++) {
    for (const [name, expression] of expressions) {
      const started = performance.now();
      await ask(expression);
      best.set(name, Math.min(best.get(name) ?? Infinity, performance.now() - started));
    }
  }

  return best;
}

const sum = (times) => [...times.values()].reduce((total, time) => total + time, 0);

/** Prints the times of both, and of the expressions that take longest in comparison. */
function report(what, goal, { ours, theirs }) {
  const worst = [...ours]
    .map(([name, time]) => ({ name, time, other: theirs.get(name) ?? 0 }))
    .sort((a, b) => b.time - b.other - (a.time - a.other))
    .slice(0, 8)
    .map(({ name, time, other }) => `${name} ${time.toFixed(0)}/${other.toFixed(0)}`);
  const ratio = sum(ours) / sum(theirs);

  console.log(
    `${what}: ${sum(ours).toFixed(0)} ms here, ${sum(theirs).toFixed(0)} ms at Prometheus: ${ratio.toFixed(2)} times (goal ${goal})`,
  );
  console.log(`  longest: ${worst.join(', ')}`);
}

/** Measures the queries of a day; returns the number of errors. */
export async function dayOfMetrics(_seconds, { pods = 3000 } = {}) {
  if (!hasPrometheus()) {
    console.log('day: needs Prometheus, left out');
    return 0;
  }

  const directory = await filled({ nodes: NODES, pods, namespaces: 60 });
  const store = await openStore(join(directory, 'store'));
  const prometheus = await startStored(join(directory, 'prometheus'));

  try {
    const templates = templateExpressions({
      namespace: 'project-1',
      pod: 'app-1-5d8f7c9b6d-xxxxa',
      storageClass: 'fast',
    }).filter(([name]) => !name.startsWith('ingress_'));
    const { instant, day } = askers(new StoreQueries(store.reader), prometheus);

    console.log(`${templates.length} metrics, ${NODES} nodes, ${pods} pods, 24 hours`);

    for (const [what, goal, { ours, theirs }] of /** @type {const} */ ([
      ['at a time', 3, instant],
      ['a day at a step of 10 minutes', 5, day],
    ])) {
      const times = {
        theirs: await timesOf(templates, theirs, 3),
        ours: await timesOf(templates, ours, 3),
      };
      report(what, goal, times);
    }

    return 0;
  } finally {
    await prometheus.stop();
    await store.close();
  }
}
