// A member behind a network with faults: 200 watches through the host, half of them through the
// member's agent, and a writer in the member, while the link is slow, loses packets, is cut without
// a word, and either side starts again. Every watcher must see every write exactly once, in order.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts, startServer } from '../server.mjs';
import { hasNetworkNamespaces, RemoteHost } from './network-namespaces.mjs';

const main = fileURLToPath(new URL('../../packages/server/dist/bundle/main.js', import.meta.url));
const skip = hasNetworkNamespaces() ? false : 'needs root, iproute2 and network namespaces';

const PASSWORD = 'P@88w0rd';
const SECRET = 'a-secret-that-host-and-members-share-0123456789';
const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const WATCHERS = 200;
const WRITE_EVERY_MS = 50;

/** Longest time in which everything must work again after a fault, in milliseconds. */
const RECOVERY_MS = 90_000;
const MIB = 1024 ** 2;

let dir;
let remote;
let member;
let host;
let ports;
let hostToken;
let memberToken;
let agent;

/** The same member, called by its address and through its agent. */
const NAMES = ['east', 'west'];
const AGENT_TOKEN = 'token-of-the-agent';

/** Returns the path of a call to the member under one of its names. */
const pathOf = (name) => CONFIG_MAPS.replace('/api/', `/api/clusters/${name}/`);

/** Starts the member in its namespace. */
async function startMember() {
  const child = remote.spawn(
    process.execPath,
    [
      main,
      ...['--config', join(dir, 'member.yaml'), '--data-dir', join(dir, 'member')],
      ...['--bind-address', '0.0.0.0', '--insecure-port', '9090', '--secure-port', '6443'],
      ...['--register-node', 'false', '--log-level', 'warn'],
    ],
    { stdio: 'ignore', env: { ...process.env, KS_ADMIN_PASSWORD: PASSWORD } },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));

  await until(async () => (await fetch(`http://${remote.control}:9090/readyz`)).ok);

  return {
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

async function startHost() {
  return startServer({
    dir: join(dir, 'host'),
    adminPassword: PASSWORD,
    args: [
      ...['--config', join(dir, 'host.yaml'), '--bind-address', '0.0.0.0'],
      ...['--register-node', 'false', '--log-level', 'warn'],
    ],
    ports,
  });
}

/** Starts the agent of the member in its namespace: it connects to the host over the faulty link. */
function startAgent() {
  const { port } = new URL(host.url);

  return remote.spawn(
    process.execPath,
    [
      main,
      'agent',
      ...['--name=west', `--token=${AGENT_TOKEN}`, `--proxy-server=http://${remote.near}:${port}`],
      ...[`--kubeconfig=${join(dir, 'member', 'pki', 'admin.kubeconfig')}`],
      ...['--kubesphere-service=127.0.0.1:9090', '--max-retry-interval=2s', '--keepalive=5s'],
    ],
    { stdio: 'ignore' },
  );
}

/** Waits until a check is true; whatever it throws counts as not yet. */
async function until(check, ms = RECOVERY_MS) {
  for (const end = Date.now() + ms; ; await sleep(100)) {
    const isDone = await Promise.resolve()
      .then(check)
      .catch(() => false);
    if (isDone) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(`not within ${ms} ms: ${check}`);
    }
  }
}

async function logIn(url) {
  const body = new URLSearchParams({
    grant_type: 'password',
    username: 'admin',
    password: PASSWORD,
  });
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body });
  return (await response.json()).access_token;
}

/**
 * Calls a server; resolves to status and JSON.
 * @param {string} url
 * @param {string} token
 * @param {{ method?: string, body?: unknown }} [options]
 */
async function call(url, token, { method = 'GET', body } = {}, ms = 20_000) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(ms),
    ...(body && { body: JSON.stringify(body) }),
  });

  return { status: response.status, json: await response.json().catch(() => undefined) };
}

/** Follows the objects of the member through the host, and begins again where a watch ended. */
class Watcher {
  /** Resource versions of all events. */
  versions = [];
  /** How often it has begun. */
  begun = 0;
  #path;
  #at;
  #request;
  #stopped = false;

  constructor(name, resourceVersion) {
    this.#path = pathOf(name);
    this.#at = resourceVersion;
  }

  async run() {
    while (!this.#stopped) {
      await this.#watch();
      await sleep(200 + Math.random() * 300);
    }
  }

  stop() {
    this.#stopped = true;
    this.#request?.destroy();
  }

  #watch() {
    this.begun += 1;

    const url = `${host.url}${this.#path}?watch=true&resourceVersion=${this.#at}&allowWatchBookmarks=true`;

    return new Promise((resolve) => {
      const request = http.get(url, { headers: { authorization: `Bearer ${hostToken}` } });
      this.#request = request;
      request.on('error', resolve);
      request.on('close', resolve);

      request.on('response', (response) => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('error', resolve);

        response.on('data', (text) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';

          for (const line of response.statusCode === 200 ? lines : []) {
            this.#take(JSON.parse(line));
          }
        });
      });
    });
  }

  #take({ type, object }) {
    if (type === 'ERROR') {
      throw new Error(`a watch could not go on: ${JSON.stringify(object)}`);
    }

    this.#at = object.metadata.resourceVersion;

    if (type !== 'BOOKMARK') {
      this.versions.push(this.#at);
    }
  }
}

/** Writes to the member all the time, by the link without faults. */
class Writer {
  versions = [];
  #stopped = false;

  async run() {
    for (let i = 0; !this.#stopped; i++) {
      const body = { metadata: { name: `written-${i % 20}` }, data: { i: String(i) } };
      const url = `http://${remote.control}:9090${CONFIG_MAPS}`;
      const written =
        i < 20
          ? call(url, memberToken, { method: 'POST', body })
          : call(`${url}/written-${i % 20}`, memberToken, { method: 'PUT', body });
      const answer = await written.catch(() => undefined);

      if (answer?.status === 200 || answer?.status === 201) {
        this.versions.push(answer.json.metadata.resourceVersion);
      } else {
        // The member starts again: what became of the write is read from it.
        await until(async () => (await call(`${url}?limit=1`, memberToken)).status === 200);
        this.versions.push(undefined);
        i -= 1;
      }

      await sleep(WRITE_EVERY_MS);
    }
  }

  stop() {
    this.#stopped = true;
  }
}

before(async () => {
  if (skip) {
    return;
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-member-network-'));
  remote = new RemoteHost(1);
  ports = await freePorts(2);

  const authentication = { jwtSecret: SECRET };
  await writeFile(
    join(dir, 'host.yaml'),
    JSON.stringify({
      authentication,
      multicluster: { enable: true },
      watches: { maxPerUser: 2 * WATCHERS },
    }),
  );
  await writeFile(
    join(dir, 'member.yaml'),
    JSON.stringify({
      authentication: { ...authentication, oauthOptions: { accessTokenMaxAge: 0 } },
      multicluster: { clusterRole: 'member' },
      watches: { maxPerUser: 4 * WATCHERS },
    }),
  );

  [member, host] = await Promise.all([startMember(), startHost()]);
  [hostToken, memberToken] = await Promise.all([
    logIn(host.url),
    logIn(`http://${remote.control}:9090`),
  ]);

  const connections = {
    east: { type: 'direct', kubesphereAPIEndpoint: `http://${remote.address}:9090` },
    west: { type: 'proxy', token: AGENT_TOKEN },
  };

  for (const name of NAMES) {
    const { status } = await call(host.url + CLUSTERS, hostToken, {
      method: 'POST',
      body: {
        apiVersion: 'cluster.kubesphere.io/v1alpha1',
        kind: 'Cluster',
        metadata: { name },
        spec: { joinFederation: true, enable: true, connection: connections[name] },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      },
    });
    assert.equal(status, 201);
  }

  agent = startAgent();
});

after(async () => {
  agent?.kill();
  await host?.stop();
  await remote?.remove();
  if (dir) {
    await rm(dir, { recursive: true, force: true });
  }
});

async function memoryOf(pid) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024;
}

test('watches of a member lose and double nothing, whatever the network does', {
  skip,
}, async (t) => {
  const through = `${host.url}${pathOf('east')}`;

  for (const name of NAMES) {
    await until(async () => (await call(host.url + pathOf(name), hostToken)).status === 200);
  }

  const { metadata } = (await call(through, hostToken)).json;
  const watchers = Array.from(
    { length: WATCHERS },
    (_, i) => new Watcher(i % 2 === 0 ? 'east' : 'west', metadata.resourceVersion),
  );
  const writer = new Writer();
  const running = [...watchers, writer].map((one) => one.run());
  const seen = () => Math.min(...watchers.map(({ versions }) => versions.length));

  /** Waits until every watcher has seen what has been written by now. */
  const caughtUp = async () => {
    const last = writer.versions.findLast((version) => version !== undefined);
    await until(() => watchers.every(({ versions }) => versions.includes(last)));
  };

  await until(() => seen() > 20);
  const before = await memoryOf(host.pid);

  await t.test('a slow link that loses packets', async () => {
    remote.narrow('8mbit');
    await sleep(6000);
    assert.equal((await call(through, hostToken)).status, 200);
    remote.heal();
    await caughtUp();
  });

  await t.test('a short cut, which connections outlive', async () => {
    remote.cut();
    await sleep(3000);
    remote.heal();
    await caughtUp();
  });

  await t.test('a long cut: callers are told, and watches begin again', async () => {
    remote.cut();

    const begins = () => watchers.reduce((sum, { begun }) => sum + begun, 0);
    const atFirst = begins();
    const waiting = call(through, hostToken, {}, 80_000);

    // Keep-alive finds dead connections: watches begin again while the link is still cut.
    await until(() => begins() - atFirst >= WATCHERS, 60_000);

    // Other calls of the host are answered as always.
    const asked = performance.now();
    assert.equal((await call(host.url + CONFIG_MAPS, hostToken)).status, 200);
    assert.ok(performance.now() - asked < 5000);

    remote.heal();
    await caughtUp();
    assert.ok([200, 502, 503].includes((await waiting).status));
  });

  await t.test('the member starts again', async () => {
    await member.stop();
    member = await startMember();
    await caughtUp();
  });

  await t.test('the host starts again', async () => {
    await host.stop();
    host = await startHost();
    await caughtUp();
  });

  writer.stop();
  await running.at(-1);
  await caughtUp();

  for (const watcher of watchers) {
    watcher.stop();
  }
  await Promise.all(running);

  const [first = new Watcher('')] = watchers;
  const written = writer.versions.filter((version) => version !== undefined);

  // A write whose answer was lost may have happened: every watcher must agree on that too.
  assert.deepEqual(
    written.filter((version) => !first.versions.includes(version)),
    [],
  );
  assert.ok(first.versions.length - written.length <= writer.versions.length - written.length);

  for (const { versions } of watchers) {
    assert.deepEqual(versions, first.versions);
  }

  assert.equal(new Set(first.versions).size, first.versions.length);

  const growth = (await memoryOf(host.pid)) - before;
  assert.ok(growth < 150 * MIB, `the host has grown by ${Math.round(growth / MIB)} MiB`);
  t.diagnostic(`${first.versions.length} events to each of ${WATCHERS} watchers`);
});
