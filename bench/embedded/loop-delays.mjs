// How long the event loop of the server is held while lists of 5,000 objects are served: a client times calls that cost the
// server nothing.
import { Agent, request } from 'node:https';

const PATH = '/api/v1/pods';

function listAll(side, token) {
  const { hostname, port } = new URL(side.url);
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: PATH, headers, rejectUnauthorized: false, agent: false };
    const req = request(options, (response) => {
      let size = 0;
      response.on('data', (chunk) => (size += chunk.length));
      response.on('end', () => resolve(size));
      response.on('error', reject);
    });
    req.on('error', reject);
    req.end();
  });
}

/** Calls a health check in turn and answers its times in milliseconds while `busy` runs. */
async function pulses(side, token, busy) {
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
    while (!done) times.push(await pulse());
  })();
  await busy();
  done = true;
  await beating;
  agent.destroy();
  return times;
}

/** A histogram of what a small call waits while two clients read lists of 5,000 pods. */
export async function loopDelays(side, token, seconds) {
  const end = performance.now() + seconds * 1000;
  let lists = 0;
  let bytes = 0;
  const times = await pulses(side, token, async () => {
    const reader = async () => {
      while (performance.now() < end) {
        bytes = await listAll(side, token);
        lists += 1;
      }
    };
    await Promise.all([reader(), reader()]);
  });
  times.sort((a, b) => a - b);
  const at = (quantile) => times[Math.min(times.length - 1, Math.floor(times.length * quantile))].toFixed(1);
  const bounds = [1, 2, 5, 10, 20, 50, Number.POSITIVE_INFINITY];
  let from = 0;
  const buckets = bounds.map((bound) => {
    const count = times.filter((time) => time > from && time <= bound).length;
    from = bound;
    return `≤ ${bound}: ${count}`;
  });
  const mb = Math.round(bytes / 1024 ** 2);
  return `While ${lists} lists of 5,000 pods (${mb} MB each) were read by two clients, a small call took p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)} ms: ${buckets.join(', ')} (ms: calls)`;
}
