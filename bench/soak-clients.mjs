// The clients of the soak test, in a process of their own: lists, live lists and writers; prints
// the figures as JSON.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceOf } from './pod-source.mjs';

const { url, token, seconds, connections, pods, changes } = JSON.parse(process.argv[2]);
const R = '/kapis/resources.kubesphere.io/v1alpha3';
const LISTS = [`${R}/nodes`, `${R}/pods?limit=10`, `${R}/pods?labelSelector=tier%3Dweb&limit=10`];

const LIVE = [
  `${R}/nodes?watch=true`,
  `${R}/pods?watch=true`,
  `${R}/pods?watch=true&labelSelector=tier%3Dweb`,
];

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const end = performance.now() + seconds * 1000;
const figures = { requests: 0, events: 0, changes: 0, errors: 0 };

/**
 * Makes one call; returns its status when its body has been read. `read` gets the pieces.
 * @param {string} path
 * @param {any} [options]
 */
function call(path, options = {}) {
  const { method = 'GET', body, type, read = () => {}, until } = options;

  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': type }) };

    const req = request(url + path, { method, headers, agent }, (res) => {
      res.on('data', read);
      res.on('end', () => resolve(res.statusCode));
      res.on('error', () => resolve(until && performance.now() >= until ? res.statusCode : 0));
    });

    req.on('error', () => resolve(until && performance.now() >= until ? 200 : 0));

    if (until) {
      setTimeout(() => req.destroy(), until - performance.now());
    }

    req.end(body);
  });
}

function recordError(what) {
  figures.errors += 1;
  if (figures.errors <= 5) {
    console.error(`soak: ${what}`);
  }
}

async function lister(i) {
  const path = LISTS[i % LISTS.length];

  while (performance.now() < end) {
    const status = await call(path);

    figures.requests += 1;

    if (status !== 200) {
      recordError(`GET ${path}: ${status}`);
    }
  }
}

async function follower(i) {
  const path = LIVE[i % LIVE.length];
  let seen = 0;

  const read = (piece) => {
    for (const byte of piece) {
      if (byte === 10) {
        seen += 1;
      }
    }
  };

  const status = await call(path, { read, until: end });

  figures.events += seen;

  if (status !== 200 || seen === 0) {
    recordError(
      `GET ${path}: ${status} after ${seen} events, ${Math.round(end - performance.now())} ms early`,
    );
  }
}

async function changer() {
  const begin = performance.now();
  const running = new Set();

  for (let i = 0; performance.now() < end - 500; i++) {
    const wait = begin + (i * 1000) / changes - performance.now();
    if (wait > 0) {
      await sleep(wait);
    }

    const path =
      i % 4 === 0
        ? `/api/v1/nodes/node-${i % 200}`
        : `/api/v1/namespaces/${namespaceOf(i % pods)}/pods/pod-${i % pods}`;

    const body = JSON.stringify({
      metadata: { annotations: { soak: String(i) }, labels: { tier: i % 3 ? 'web' : 'back' } },
    });

    const change = call(path, { method: 'PATCH', body, type: 'application/merge-patch+json' }).then(
      (status) => {
        figures.changes += 1;

        if (status !== 200) {
          recordError(`PATCH ${path}: ${status}`);
        }

        running.delete(change);
      },
    );

    running.add(change);

    if (running.size > 64) {
      await Promise.race(running);
    }
  }

  await Promise.all(running);
}

const live = Math.floor(connections / 4);
await Promise.all([
  changer(),
  ...Array.from({ length: live }, (_, i) => follower(i)),
  ...Array.from({ length: connections - live }, (_, i) => lister(i)),
]);

agent.destroy();
console.log(JSON.stringify(figures));
