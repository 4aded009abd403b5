// Load on one URL from a process of its own: node bench/load.mjs '{"url", "token", "connections", "seconds"}' prints the figures as JSON.
import { createHistogram, performance } from 'node:perf_hooks';
import { Pool } from 'undici';

const { url, token, connections, seconds } = JSON.parse(process.argv[2]);
const { origin, pathname, search } = new URL(url);
const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 30_000, bodyTimeout: 30_000 });
const times = createHistogram();
const figures = { requests: 0, errors: 0, bytes: 0 };
const end = performance.now() + seconds * 1000;

async function caller() {
  while (performance.now() < end) {
    const start = performance.now();
    try {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: pathname + search,
        headers: { authorization: `Bearer ${token}` },
      });
      let size = 0;
      for await (const chunk of body) size += chunk.length;
      if (statusCode !== 200) figures.errors += 1;
      figures.bytes += size;
    } catch {
      figures.errors += 1;
    }
    figures.requests += 1;
    times.record(Math.max(1, Math.round((performance.now() - start) * 1000)));
  }
}

await Promise.all(Array.from({ length: connections }, caller));
await pool.close();
console.log(
  JSON.stringify({
    ...figures,
    perSecond: Math.round(figures.requests / seconds),
    p50: times.percentile(50) / 1000,
    p99: times.percentile(99) / 1000,
  }),
);
