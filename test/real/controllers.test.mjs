// Controllers on third-party client libraries run unchanged on the embedded API, through the
// KubeSphere port and on a real kube-apiserver, also across its restart, with the same results.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { definition, group } from '../controllers/definition.mjs';
import { differences } from '../differential/compare.mjs';
import { normalise } from '../differential/normalise.mjs';
import { Recorder } from '../differential/recorder.mjs';
import { side } from '../differential/sides.mjs';
import { freePorts, startServer } from '../server.mjs';
import { goProgram } from './go-program.mjs';
import { startRealCluster } from './real-cluster.mjs';
import { startTlsFront, writeKubeconfig } from './tls-front.mjs';

const nodeController = fileURLToPath(
  new URL('../controllers/node/controller.mjs', import.meta.url),
);

const controllers = {
  'client-node': () => [process.execPath, nodeController],
  'controller-runtime': () => [goProgram('../controllers/go')],
};

const patience = 40_000;
const adminPassword = 'P@88w0rd';

async function startReal() {
  const cluster = await startRealCluster({ fsync: false });
  const real = side('real', cluster.kubeconfig, () => cluster.stop());
  const { restart, runControllers } = cluster;
  return Object.assign(real, { restart, runControllers });
}

/**
 * Starts a server on the embedded API; `reach` returns the kubeconfig for calling it, and a
 * function that closes it.
 */
async function startOurs(name, reach) {
  const dir = mkdtempSync(join(tmpdir(), 'controllers-'));
  const options = { dir, ports: await freePorts(2), args: ['--register-node', 'false'] };
  let server = await startServer({ ...options, adminPassword });
  const { kubeconfig, close = () => {} } = await reach(dir, server);

  const ours = side(name, kubeconfig, async () => {
    close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  return Object.assign(ours, {
    async restart(whileDown) {
      await server.stop();
      await whileDown();
      server = await startServer(options);
    },
  });
}

/** Reaches the embedded API as its administrator. */
const reachKubernetes = async (dir) => ({ kubeconfig: join(dir, 'pki/admin.kubeconfig') });

/** Reaches the KubeSphere port with the token of its administrator. */
async function reachKubeSphere(dir, { url }) {
  const body = new URLSearchParams({
    grant_type: 'password',
    username: 'admin',
    password: adminPassword,
  });

  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body });
  assert.equal(response.status, 200);

  const { access_token: token } = await response.json();
  const front = await startTlsFront(() => url, dir);

  return { ...writeKubeconfig(join(dir, 'through'), front.cluster, { token }), close: front.close };
}

/** Runs a controller for a namespace and waits until it leads. */
async function startController([command, ...args], { kubeconfig }, namespace) {
  const child = spawn(command, [...args, kubeconfig, namespace], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';

  const running = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-20_000);
        if (/^running$/m.test(output)) {
          resolve(undefined);
        }
      });
    }

    child.once('exit', (code) =>
      reject(new Error(`the controller ended with ${code}:\n${output}`)),
    );

    setTimeout(
      () => reject(new Error(`the controller does not lead:\n${output}`)),
      patience,
    ).unref();
  });

  await running;

  return {
    output: () => output,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    async stop() {
      if (this.ended) {
        return;
      }

      const exited = once(child, 'exit');

      child.kill();
      await exited;
    },
  };
}

/**
 * Filters out the events of the real server's controllers, which are in the same binary in the
 * tests.
 */
const isNoController = ({ manager }) => !manager.startsWith('kube-');

/**
 * Returns the compared fields of an object: without times, the number of writes, and additions of
 * the real server's controllers.
 */
function pickFields(object) {
  const { metadata, status, ...rest } = object;
  const { name, labels, ownerReferences, finalizers, managedFields = [] } = metadata;

  const fields = managedFields
    .filter(isNoController)
    .map(({ manager, operation, subresource, fieldsV1 }) => {
      return { manager, operation, subresource, fieldsV1 };
    });

  const isSite = rest.kind === 'WebSite';
  const site = isSite && { status, generation: metadata.generation };

  return {
    ...rest,
    metadata: { name, labels, ownerReferences, finalizers, managedFields: fields },
    ...site,
  };
}

/**
 * Follows the controller's work on one WebSite from creation to deletion; the snapshots are
 * compared.
 */
async function followSite(api, controller, restart) {
  const sites = api.group(`${group}/v1`).concat('/websites');
  const shop = `${sites}/shop`;
  const deployment = `${api.group('apps/v1')}/deployments/shop`;
  const snapshots = [];

  const call = async (method, path, body, type = 'application/json') => {
    const answer = await api.quietly(method, path, { body, headers: { 'content-type': type } });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
    return answer.body;
  };

  const merge = (path, body) => call('PATCH', path, body, 'application/merge-patch+json');

  const until = (path, check) =>
    api.until(path, check, patience).catch((error) => {
      throw new Error(`${error.message}\nthe controller: ${controller.output()}`);
    });

  const waitForStatus = (generation, secrets = 0) =>
    until(shop, ({ status, metadata }) => {
      return (
        status.observedGeneration === generation &&
        metadata.generation === generation &&
        status.secrets === secrets
      );
    });

  const snapshot = async (name) => {
    const paths = {
      site: shop,
      configMap: `${api.core}/configmaps/shop`,
      deployment,
      service: `${api.core}/services/shop`,
    };

    for (const [kind, path] of Object.entries(paths)) {
      snapshots.push({ call: `${name}: ${kind}`, body: pickFields(await call('GET', path)) });
    }
  };

  const secret = (name) =>
    call('POST', `${api.core}/secrets`, { metadata: { name, labels: { site: 'shop' } } });

  const site = (name, labels, content) => ({
    apiVersion: `${group}/v1`,
    kind: 'WebSite',
    metadata: { name, labels },
    spec: { content },
  });

  await call('POST', sites, site('ignored', { tier: 'other' }, 'nothing'));
  await call('POST', sites, site('shop', { tier: 'web' }, 'hello'));
  await waitForStatus(1);
  await snapshot('made');

  await merge(shop, { spec: { content: 'hello again', replicas: 3 } });
  await secret('one');
  await waitForStatus(2, 1);
  await until(deployment, ({ spec }) => spec.replicas === 3);
  await snapshot('changed');

  await call('DELETE', `${api.core}/configmaps/shop`);
  await merge(deployment, { spec: { replicas: 7 }, metadata: { labels: { site: 'other' } } });
  await merge(`${api.core}/services/shop`, { spec: { selector: { site: 'other', more: 'x' } } });
  await until(`${api.core}/configmaps/shop`, ({ data }) => data['index.html'] === 'hello again');
  await until(deployment, ({ spec }) => spec.replicas === 3);
  await until(`${api.core}/services/shop`, ({ spec }) => spec.selector.site === 'shop');
  await snapshot('mended');

  await restart();
  await merge(shop, { spec: { content: 'still here' } });
  await secret('two');
  await waitForStatus(3, 2);
  await until(`${api.core}/configmaps/shop`, ({ data }) => data['index.html'] === 'still here');
  await call('DELETE', `${api.core}/services/shop`);
  await until(`${api.core}/services/shop`, ({ spec }) => spec.selector.site === 'shop');
  assert.equal(controller.ended, false, controller.output());
  await snapshot('after a restart of the server');

  await call('DELETE', shop);

  for (const path of [
    shop,
    deployment,
    `${api.core}/configmaps/shop`,
    `${api.core}/services/shop`,
  ]) {
    await until(path, (_, status) => status === 404);
  }

  for (const name of ['gone', 'census']) {
    snapshots.push({
      call: name,
      body: pickFields(await call('GET', `${api.core}/configmaps/${name}`)),
    });
  }

  snapshots.push({ call: 'ignored', body: pickFields(await call('GET', `${sites}/ignored`)) });

  const lease = await call(
    'GET',
    `${api.group('coordination.k8s.io/v1')}/leases/website-controller`,
  );

  snapshots.push({ call: 'lease', fields: Object.keys(lease.spec).sort() });

  const told = await until(
    `${api.core}/events`,
    ({ items }) => items.filter(({ reason }) => reason === 'Reconciled').length === 3,
  );

  const events = told.items.filter(({ involvedObject }) => involvedObject.kind === 'WebSite');
  snapshots.push({
    call: 'events',
    events: events
      .map(({ type, reason, message, involvedObject: { kind, name } }) => ({
        type,
        reason,
        message,
        kind,
        name,
      }))
      .sort((a, b) => a.message.localeCompare(b.message)),
  });

  return snapshots;
}

let sides;
before(async () => {
  sides = await Promise.all([
    startReal(),
    startOurs('ours', reachKubernetes),
    startOurs('through the KubeSphere port', reachKubeSphere),
  ]);
});

after(() => Promise.all((sides ?? []).map((one) => one.stop())));

/** Runs both controllers on one side; the server is restarted when both have come to that point. */
async function runBothControllers(one) {
  const setup = new Recorder(one, 'default');

  const { status, text } = await setup.quietly(
    'POST',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    {
      body: definition,
    },
  );

  assert.equal(status, 201, text);
  await setup.until(`/apis/${group}/v1/websites`, (_, found) => found === 200);

  // The garbage collector learns of new kinds at its start, then every half minute.
  one.runControllers?.();

  const names = Object.keys(controllers);
  let waiting = names.length;
  let restarted;
  const bothAre = createDeferred();

  const restart = () => {
    waiting -= 1;
    if (waiting === 0) {
      bothAre.resolve(undefined);
    }

    restarted ??= bothAre.promise.then(() => one.restart(() => sleep(1000)));

    return restarted;
  };

  const stories = names.map(async (name) => {
    const api = new Recorder(one, name);
    await api.quietly('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
    await api.until(`${api.core}/serviceaccounts/default`, (_, found) => found === 200);

    for (let i = 0; i < 23; i++) {
      await api.quietly('POST', `${api.core}/configmaps`, {
        body: { metadata: { name: `census-${i}`, labels: { census: 'yes' } } },
      });
    }

    const controller = await startController(controllers[name](), one, name);

    try {
      return await followSite(api, controller, restart);
    } catch (error) {
      bothAre.resolve(undefined);
      throw error;
    } finally {
      await controller.stop();
    }
  });

  const results = await Promise.allSettled(stories);

  return Object.fromEntries(names.map((name, index) => [name, results[index]]));
}

function createDeferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });

  return { promise, resolve };
}

let played;

for (const name of Object.keys(controllers)) {
  test(`a controller on ${name} has the same results on all servers`, async () => {
    played ??= Promise.all(sides.map(runBothControllers));
    const [real, ...ours] = (await played).map((results) => {
      const { status, value, reason } = results[name];
      if (status === 'rejected') {
        throw reason;
      }

      return normalise(value);
    });

    for (const [i, one] of ours.entries()) {
      assert.equal(real.length, one.length);

      const found = real.flatMap((snapshot, index) =>
        differences(snapshot, one[index]).map((difference) => ({
          at: snapshot.call,
          ...difference,
        })),
      );

      assert.deepEqual(found, [], sides[i + 1].name);
    }
  });
}
