// The latency of a healthy client while hostile ones keep 50 connections busy with cheap requests.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { deflateSync, gzipSync } from 'node:zlib';
import { TestServer } from '../packages/server/dist/test/support/test-server.js';

const CONNECTIONS = 50;
const ATTACK_MS = 2000;

/** Longest wait of a healthy client, in milliseconds: for 99 of 100 calls. */
const P99_MS = 100;
const MB = 1024 * 1024;

/** Memory for bodies of callers without a log-in, and of one user. */
const BUDGETS = (32 + 64) * MB;

let server;
let port;
let token;
let idle;
before(async () => {
  server = await TestServer.start();
  port = Number(new URL(server.url).port);

  const admin = await server.token();

  const user = {
    metadata: {
      name: 'hostile',
      annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
    },
    spec: { email: 'hostile@example.com', password: 'Passw0rd!' },
  };

  const made = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token: admin,
    body: user,
  });

  assert.equal(made.status, 200, made.text);

  for (let i = 0; token === undefined && i < 100; i++) {
    const { status, json } = await server.login('hostile', 'Passw0rd!');
    if (status === 200) {
      token = json.access_token;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  await latencies(500);
  idle = readMemory();
});

after(() => server.stop());

const readMemory = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]) *
  1024;

/**
 * Calls /healthz repeatedly for a time; returns how long each call took, and the server's peak
 * memory.
 */
async function latencies(ms) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times = [];
  let most = 0;

  for (const end = performance.now() + ms; performance.now() < end; ) {
    const start = performance.now();
    const request = http.get({ port, host: '127.0.0.1', path: '/healthz', agent });
    const [response] = await once(request, 'response');

    response.resume();
    await once(response, 'end');
    assert.equal(response.statusCode, 200);
    times.push(performance.now() - start);

    if (process.platform === 'linux') {
      most = Math.max(most, readMemory());
    }

    await new Promise((resolve) => setTimeout(resolve, 2));
  }

  agent.destroy();
  times.sort((a, b) => a - b);

  return { p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], most };
}

const head = (line, headers, body = '') => `${line} HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;

function compressRequest(line, value, coding = 'gzip') {
  const body = (coding === 'gzip' ? gzipSync : deflateSync)(value).toString('latin1');
  const headers = `Content-Type: application/json\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n`;
  return head(line, headers, body);
}

const authorizationHeader = () => `Authorization: Bearer ${token}\r\n`;
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const longText = (piece) => encodeURIComponent(piece.repeat(3000)).slice(0, 58 * 1024);
const SEALED = 3 * MB;

/** Requests by the attack that they attempt. */
const ATTACKS = {
  'bodies that inflate': () => [
    compressRequest('POST /oauth/authenticate', Buffer.alloc(SEALED, '[')),
    compressRequest('POST /oauth/authenticate', `{"a":[${'{"b":[]},'.repeat(SEALED / 10)}0]}`),
    compressRequest('POST /oauth/authenticate', Buffer.alloc(100 * MB), 'deflate'),
    compressRequest('POST /oauth/authenticate', `{${'"__proto__":{},'.repeat(4000)}"a":1}`),
  ],
  'bodies that stall': () => {
    const part = gzipSync(Buffer.alloc(60_000, 'a')).toString('latin1');

    return [
      head(
        'POST /oauth/authenticate',
        'Content-Type: application/json\r\nContent-Length: 60000\r\n',
        '{"a":',
      ),
      head(
        'POST /oauth/authenticate',
        'Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 60000\r\n',
        part,
      ),
      head(
        'POST /oauth/token',
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n',
        'a',
      ),
      'GET /healthz HTTP/1.1\r\nHo',
    ];
  },
  'long selectors': () =>
    ['labelSelector', 'fieldSelector', 'name', 'q', 'sortBy'].flatMap((name) =>
      ['k=v,', 'a!=b||', 'k in (a,'].map((piece) =>
        head(
          `GET /kapis/tenant.kubesphere.io/v1alpha2/workspaces?${name}=${longText(piece)}`,
          authorizationHeader(),
        ),
      ),
    ),
  'upgrades of paths without upgrades': () => [
    head('GET /api/v1/namespaces', authorizationHeader() + upgrade),
    head('DELETE /api/v1/namespaces/default', authorizationHeader() + upgrade),
    head('GET /api/v1/namespaces?watch=true', upgrade),
    head(
      'GET /api/v1/namespaces/default/pods/a/exec',
      authorizationHeader() + upgrade,
      'x'.repeat(60_000),
    ),
  ],
};

ATTACKS['all of it'] = () =>
  Object.entries(ATTACKS).flatMap(([name, requests]) => (name === 'all of it' ? [] : requests()));

/** Attacks for a while; returns the measurements of another client. */
async function attack(requests) {
  const worker = new Worker(new URL('hostile-clients.mjs', import.meta.url), {
    workerData: { port, requests, connections: CONNECTIONS },
  });
  const told = once(worker, 'message');

  await once(worker, 'online');

  const seen = await latencies(ATTACK_MS);

  worker.postMessage('stop');

  const [statuses] = await told;

  return { ...seen, statuses };
}

for (const [name, requests] of Object.entries(ATTACKS)) {
  test(`a healthy client is served while hostile ones send ${name}`, async (t) => {
    let seen = await attack(requests());

    // Tries again on a machine that was busy with other work.
    if (seen.p99 >= P99_MS) {
      seen = await attack(requests());
    }

    const { p50, p99, most, statuses } = seen;
    const megabytes = (bytes) => `${Math.round(bytes / MB)} MB`;

    t.diagnostic(
      `/healthz p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ${megabytes(most)} at most, ${megabytes(idle)} idle; answers ${JSON.stringify(statuses)}`,
    );
    assert.ok(p99 < P99_MS, `/healthz took ${p99} ms at p99`);
    assert.ok(most < 2 * idle + BUDGETS, `${megabytes(most)} of memory, ${megabytes(idle)} idle`);

    for (const status of Object.keys(statuses)) {
      assert.match(status, /^(4\d\d|silent|ended|refused|200|101)$/);
    }
  });
}
