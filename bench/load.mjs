// Load on one URL from a process of its own: node bench/load.mjs '{"url", "token", "connections",
// "seconds"[, "rate"]}' prints the figures as JSON. With a rate the calls begin at fixed times, and
// the time that a late call waited counts.
import { createHistogram, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

const { url, token, connections, seconds, rate } = JSON.parse(process.argv[2]);
const { origin, pathname, search } = new URL(url);

const pool = new Pool(origin, {
  connections,
  pipelining: 1,
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
});

const times = createHistogram();
const figures = { requests: 0, errors: 0, bytes: 0 };
const begin = performance.now();
const end = begin + seconds * 1000;

async function call(start) {
  try {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: pathname + search,
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });

    let size = 0;

    for await (const chunk of body) {
      size += chunk.length;
    }

    if (statusCode !== 200) {
      figures.errors += 1;
    }

    figures.bytes += size;
  } catch {
    figures.errors += 1;
  }

  figures.requests += 1;
  times.record(Math.max(1, Math.round((performance.now() - start) * 1000)));
}

async function caller() {
  while (performance.now() < end) {
    await call(performance.now());
  }
}

async function atRate() {
  const calls = [];

  for (let i = 0; i < rate * seconds; i++) {
    const start = begin + (i * 1000) / rate;
    const wait = start - performance.now();
    if (wait > 0) {
      await sleep(wait);
    }

    calls.push(call(start));
  }

  await Promise.all(calls);
}

if (rate) {
  await atRate();
} else {
  await Promise.all(Array.from({ length: connections }, caller));
}

await pool.close();

console.log(
  JSON.stringify({
    ...figures,
    perSecond: Math.round(figures.requests / seconds),
    p50: times.percentile(50) / 1000,
    p99: times.percentile(99) / 1000,
  }),
);
