// Measures how long the event loop of the server is blocked while lists of 5,000 objects are
// served: a client times calls that cost the server nothing, and the server reports its own metric.
import { execFile } from 'node:child_process';
import { Agent, request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('list-readers.mjs', import.meta.url));
const READERS = 2;

/** Calls a health check repeatedly while `busy` runs; returns the times in milliseconds. */
async function timeHealthChecks(side, token, busy) {
  const times = [];
  let done = false;
  const { hostname, port } = new URL(side.url);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  const headers = { authorization: `Bearer ${token}` };

  const pulse = () =>
    new Promise((resolve, reject) => {
      const start = performance.now();

      const req = request({ hostname, port, path: '/readyz', headers, agent }, (response) => {
        response.resume();
        response.on('end', () => resolve(performance.now() - start));
      });

      req.on('error', reject);
      req.end();
    });

  const beating = (async () => {
    await pulse();
    while (!done) {
      times.push(await pulse());
    }
  })();

  const answer = await busy();

  done = true;
  await beating;
  agent.destroy();

  return { times: times.sort((a, b) => a - b), answer };
}

/**
 * Returns a histogram of how long a small call waits while two clients read lists of 5,000 pods,
 * and the longest time that the server's loop was blocked.
 */
export async function loopDelays(side, token, seconds) {
  const options = { url: `${side.url}/api/v1/pods`, token, readers: READERS, seconds };

  await side.longestHoldMs();

  const { times, answer } = await timeHealthChecks(side, token, () =>
    promisify(execFile)(process.execPath, [script, JSON.stringify(options)]),
  );
  const held = await side.longestHoldMs();
  const { lists, bytes } = JSON.parse(answer.stdout);
  const quantileOf = (quantile) =>
    times[Math.min(times.length - 1, Math.floor(times.length * quantile))].toFixed(1);
  const bounds = [1, 2, 5, 10, 20, 50, Number.POSITIVE_INFINITY];
  let from = 0;

  const buckets = bounds.map((bound) => {
    const count = times.filter((time) => time > from && time <= bound).length;
    from = bound;
    return `≤ ${bound}: ${count}`;
  });

  const mb = Math.round(bytes / 1024 ** 2);

  return `While ${lists} lists of 5,000 pods (${mb} MB each) were read by ${READERS} clients, the event loop was held for ${held.toFixed(1)} ms at most (goal ≤ 50), and a small call took p50 ${quantileOf(0.5)}, p99 ${quantileOf(0.99)}, at most ${quantileOf(1)} ms: ${buckets.join(', ')} (ms: calls)`;
}
