// node scripts/replay.mjs FOLDER [GROUP …] replays calls that were recorded from KubeSphere 3.0
// against our server, built before. FOLDER holds replay.mjs, upstream.mjs and recordings/. Groups
// with upstreams run on a server of their own, with a stub that stands in for what it calls. Each
// server starts on an empty data directory. Groups, their order and how many cases of each must
// pass are in test/replay-floor.json; cases that differ on purpose are in docs/differences.json.
import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '../test/server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? '.');
const only = process.argv.slice(3);
const floors = JSON.parse(readFileSync(join(root, 'test/replay-floor.json'), 'utf8'));
const differences = join(root, 'docs/differences.json');
const logs = join(root, '.cache/replay');
const admin = ['admin', 'P@88w0rd'];

mkdirSync(logs, { recursive: true });

/** Runs the replay tool; returns its output, which it also writes to a log. */
function replay(log, args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(folder, 'replay.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(join(logs, `${log}.log`));
    let text = '';

    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        file.write(chunk);
      });
    }

    child.on('close', () => file.end(() => done(text.trim().split('\n'))));
  });
}

/** Groups whose recordings also hold what the server sent to others. */
const withUpstreams = new Set(['logs', 'events', 'auditing', 'proxies', 'clusters', 'devops']);

/** Address of the stub's log of requests. */
const upstreamLog = 'http://127.0.0.1:47000';

/** The configuration with which the calls of these groups were recorded. */
const upstreamConfig = {
  devops: {
    host: 'http://127.0.0.1:47001',
    username: 'ks-admin',
    password: 'ks-admin-password',
    maxConnections: 100,
  },
  sonarqube: { host: 'http://127.0.0.1:47002', token: 'sonar-token-of-the-stub' },
  s3: {
    endpoint: 'http://127.0.0.1:47010',
    region: 'us-east-1',
    disableSSL: true,
    forcePathStyle: true,
    accessKeyID: 'STUBKEY',
    secretAccessKey: 'stub-secret',
    bucket: 's2i-binaries',
  },
  logging: { host: 'http://127.0.0.1:47003', indexPrefix: 'ks-logstash-log', version: '6' },
  events: { host: 'http://127.0.0.1:47004', indexPrefix: 'ks-logstash-events', version: '7' },
  auditing: { host: 'http://127.0.0.1:47005', indexPrefix: 'ks-logstash-auditing', version: '' },
  notification: { endpoint: 'http://127.0.0.1:47006' },
  alerting: { endpoint: 'http://127.0.0.1:47007/base/path/' },
  multicluster: {
    enable: true,
    proxyPublishAddress: 'http://tower.example:8080',
    agentImage: 'kubesphere/tower:v1.0',
  },
  servicemesh: { jaegerQueryHost: 'http://127.0.0.1:47011' },
};

let failed = 0;
let passed = 0;

/**
 * Checks one group; prints its counts, and its failures when too few cases pass. The recording may
 * be that of another group.
 */
async function check(group, target, recording = group) {
  const floor = floors[group];
  const file = join(folder, 'recordings', `${recording}.json`);
  const options = existsSync(differences) ? ['--differences', differences] : [];
  const lines = await replay(group, ['check', ...target, ...options, file]);
  const counts = /^(\d+) passed, (\d+) failed$/.exec(lines.at(-1) ?? '');
  const count = Number(counts?.[1] ?? 0);
  const differ = lines.find((line) => /^\d+ differ by decision$/.test(line));

  console.log(
    `${group}: ${counts?.[0] ?? lines.at(-1)}${differ ? `, ${differ}` : ''} (at least ${floor})`,
  );

  if (count < floor) {
    failed++;
    for (const line of lines.slice(0, 40)) {
      console.log(`  ${line}`);
    }
  } else {
    passed++;
  }
}

/**
 * Starts a server on an empty data directory, loads the fixture and checks groups. `prepare` runs
 * before them and returns further arguments, `before` runs before each and may return the recording
 * that is used instead of the group's own.
 * @param {string} name
 * @param {string[]} groups
 * @param {string[]} serverArgs
 * @param {(url: string, target: string[]) => Promise<string[]>} prepare
 * @param {(group: string) => Promise<string | void>} [before]
 */
async function checkAll(name, groups, serverArgs, prepare, before = async () => {}) {
  if (groups.length === 0) {
    return;
  }

  const dir = mkdtempSync(join(tmpdir(), 'replay-'));

  // The recordings contain no node of this machine.
  const args = ['--register-node', 'false', ...serverArgs];
  const log = join(logs, `${name}.log`);
  const server = await startServer({ dir, adminPassword: admin[1], args, log });

  try {
    const target = ['--base', server.url, '--admin', admin.join(':')];
    console.log((await replay(`load-${name}`, ['load', ...target])).at(-1));

    const more = await prepare(server.url, target);

    for (const group of groups) {
      const recording = (await before(group)) ?? group;
      await check(group, [...target, ...more], recording);
    }
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Creates the namespaces that a controller of 3.0 makes for DevOps projects. */
async function createProjectNamespaces(url) {
  const form = { grant_type: 'password', username: admin[0], password: admin[1] };
  const body = new URLSearchParams(/** @type {Record<string, string>} */ (form));
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body });
  const { access_token: token } = await answer.json();

  for (const name of ['proj-a', 'proj-b']) {
    const metadata = { name, labels: { 'kubesphere.io/devopsproject': name } };
    await fetch(`${url}/api/v1/namespaces`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ metadata }),
    });
  }
}

/** Whether something answers at a URL. */
async function answers(url) {
  try {
    await (await fetch(url)).text();
    return true;
  } catch {
    return false;
  }
}

/** How often the stub is started until it has all its ports: others may hold one for a moment. */
const STUB_ATTEMPTS = 10;

/** Starts the stub that stands in for what the server calls; returns its process. */
async function startStub() {
  for (let attempt = 1; ; attempt += 1) {
    const stub = spawn(process.execPath, [join(folder, 'upstream.mjs')], { stdio: 'ignore' });
    await sleep(1000);

    const isRunning = stub.exitCode === null && (await answers(upstreamLog));
    if (isRunning || attempt === STUB_ATTEMPTS) {
      return stub;
    }

    stub.kill();
    await sleep(3000);
  }
}

/** Checks groups while the stub stands in for what the server calls. */
async function checkWithUpstreams(groups) {
  if (groups.length === 0) {
    return;
  }

  const stub = await startStub();
  const config = join(logs, 'upstreams.yaml');
  writeFileSync(config, JSON.stringify(upstreamConfig));

  try {
    await checkAll('server-with-upstreams', groups, ['--config', config], async (url, target) => {
      const fixture = ['--fixture', join(folder, 'upstream-fixture.json')];
      console.log((await replay('load-upstreams', ['load', ...target, ...fixture])).at(-1));
      await createProjectNamespaces(url);

      return ['--upstream', upstreamLog];
    });
  } finally {
    stub.kill();
  }
}

/** Groups that are checked on a real Prometheus that scrapes the recordings' numbers. */
const withPrometheus = ['monitoring', 'monitoring-down'];

/** The group that is checked while the server itself scrapes them. */
const withOwnMetrics = 'monitoring-embedded';

/** Groups that are checked on a Prometheus that scrapes numbers of a service mesh. */
const withMesh = ['servicemesh', 'servicemesh-down'];

/** How long numbers have to be scraped before ranges hold what was recorded, in milliseconds. */
const SCRAPED_MS = 180_000;
const MESH_SCRAPED_MS = 200_000;

/** Runs something while a page shows numbers of the recordings. */
async function withPage(args, run) {
  const page = spawn(process.execPath, [join(folder, 'metrics-server.mjs'), ...args], {
    stdio: 'ignore',
  });

  try {
    await run();
  } finally {
    page.kill();
  }
}

/**
 * Checks groups with a Prometheus; those that end in `-down` after it has been stopped.
 * @param {string} name
 * @param {string[]} groups
 * @param {{port: number, config: object, prepare: (target: string[]) => Promise<void>}} options the
 * port of Prometheus, the server's configuration, and what is done before the first group
 */
async function checkWithPrometheus(name, groups, { port, config, prepare }) {
  const dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${dir}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const file = join(logs, `${name}.yaml`);
  writeFileSync(file, JSON.stringify(config));

  prometheus.on('error', (error) => console.log(`Prometheus cannot be started: ${error.message}`));

  try {
    await checkAll(
      name,
      groups,
      ['--config', file],
      async (_url, target) => {
        await prepare(target);
        return [];
      },
      async (group) => {
        if (group.endsWith('-down')) {
          prometheus.kill();
          await sleep(1000);
        }
      },
    );
  } finally {
    prometheus.kill();
    await sleep(1000);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Checks the groups of the service mesh, in namespaces with workloads of their own. */
async function checkMesh(groups) {
  if (groups.length === 0) {
    return;
  }

  await withPage(['9131', join(folder, 'istio.prom')], () =>
    checkWithPrometheus('server-with-mesh', groups, {
      port: 9093,
      config: { servicemesh: { servicemeshPrometheusHost: 'http://127.0.0.1:9093' } },
      prepare: async (target) => {
        const fixture = ['--fixture', join(folder, 'mesh-fixture.json')];
        console.log((await replay('load-mesh', ['load', ...target, ...fixture])).at(-1));
        await sleep(MESH_SCRAPED_MS);
      },
    }),
  );
}

/**
 * The recordings' numbers as targets of the server itself, like those in prometheus.yml. They
 * contain what rules record, so that nothing else is collected and no rules are evaluated.
 */
const ownMetricsConfig = {
  interval: '5s',
  collect: false,
  rules: false,
  scrapeTargets: [
    { url: 'http://127.0.0.1:9130/metrics', honorLabels: true, labels: { job: 'fixture' } },
    ...[
      { namespace: 'demo-a', instance: '10.244.0.21:8080', pod: 'api-00' },
      { namespace: 'dev-a', instance: '10.244.2.22:8080', pod: 'checkout-23' },
    ].map((labels) => ({
      url: 'http://127.0.0.1:9130/shop',
      labels: { ...labels, job: 'shop', service: 'shop' },
    })),
  ],
};

/** Checks the monitoring group while the server scrapes its numbers itself. */
async function checkOwnMetrics(groups) {
  const config = join(logs, 'own-metrics.yaml');
  writeFileSync(config, JSON.stringify({ monitoring: { embedded: ownMetricsConfig } }));

  await checkAll(
    'server-with-own-metrics',
    groups,
    ['--config', config],
    async () => {
      await sleep(SCRAPED_MS);
      return [];
    },
    async () => 'monitoring',
  );
}

/** Checks the monitoring groups. */
async function checkMonitoring(groups) {
  if (groups.length === 0) {
    return;
  }

  const ofPrometheus = groups.filter((group) => withPrometheus.includes(group));

  await withPage(['9130'], async () => {
    await Promise.all([
      ofPrometheus.length === 0
        ? undefined
        : checkWithPrometheus('server-with-prometheus', ofPrometheus, {
            port: 9092,
            config: { monitoring: { endpoint: 'http://127.0.0.1:9092' } },
            prepare: () => sleep(SCRAPED_MS),
          }),
      checkOwnMetrics(groups.filter((group) => group === withOwnMetrics)),
    ]);
  });
}

const chosen = Object.keys(floors).filter((group) => only.length === 0 || only.includes(group));

const isMonitoring = (group) => withPrometheus.includes(group) || group === withOwnMetrics;
const isMesh = (group) => withMesh.includes(group);
const isPlain = (group) => !withUpstreams.has(group) && !isMonitoring(group) && !isMesh(group);

// Numbers are scraped while the other groups are checked.
await Promise.all([
  checkMonitoring(chosen.filter(isMonitoring)),
  checkMesh(chosen.filter(isMesh)),
  checkAll('server', chosen.filter(isPlain), [], async () => []).then(() =>
    checkWithUpstreams(chosen.filter((group) => withUpstreams.has(group))),
  ),
]);

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
