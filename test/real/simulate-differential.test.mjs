// Compares the simulated controllers with the real kube-controller-manager: the same workloads run
// on both, on the same simulated nodes; then objects and events are compared, with variable parts
// (times, uids, hashes, addresses) replaced.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KubeClient } from '../../packages/client/dist/kube/client.js';
import { loadKubeconfig } from '../../packages/client/dist/kube/kubeconfig.js';
import { RemoteTransport } from '../../packages/client/dist/kube/remote.js';
import { Controller } from '../../packages/controllers/dist/runtime/controller.js';
import { kubeletReconciler } from '../../packages/controllers/dist/simulate/cluster/kubelet.js';
import { SimulatedNodes } from '../../packages/controllers/dist/simulate/cluster/nodes.js';
import { schedulerReconciler } from '../../packages/controllers/dist/simulate/cluster/scheduler.js';
import { volumeReconciler } from '../../packages/controllers/dist/simulate/cluster/volumes.js';
import { Cluster } from '../../packages/controllers/dist/simulate/cluster.js';
import { startServer } from '../server.mjs';
import { startRealCluster } from './real-cluster.mjs';

const defineResource = (group, version, resource) => ({ group, version, resource });

const RESOURCES = {
  pods: defineResource('', 'v1', 'pods'),
  services: defineResource('', 'v1', 'services'),
  endpoints: defineResource('', 'v1', 'endpoints'),
  claims: defineResource('', 'v1', 'persistentvolumeclaims'),
  controllers: defineResource('', 'v1', 'replicationcontrollers'),
  events: defineResource('', 'v1', 'events'),
  slices: defineResource('discovery.k8s.io', 'v1', 'endpointslices'),
  deployments: defineResource('apps', 'v1', 'deployments'),
  replicaSets: defineResource('apps', 'v1', 'replicasets'),
  statefulSets: defineResource('apps', 'v1', 'statefulsets'),
  daemonSets: defineResource('apps', 'v1', 'daemonsets'),
  revisions: defineResource('apps', 'v1', 'controllerrevisions'),
  jobs: defineResource('batch', 'v1', 'jobs'),
};

const namespace = 'workloads';
const pace = { startMs: 300, runMs: 300, stopMs: 200 };

/** Simulates nodes for a cluster that has controllers of its own. */
async function simulateNodes(client) {
  const fail = (error) => console.error(error);
  const nodes = await new SimulatedNodes(client, 3, 'v1.36.3', fail).start();
  const cluster = new Cluster(client, fail);

  await cluster.start(AbortSignal.timeout(30_000));

  const running = [
    schedulerReconciler(cluster),
    kubeletReconciler(cluster, pace),
    volumeReconciler(cluster),
  ].map((reconciler) =>
    new Controller(reconciler, (name, key, error) =>
      fail(new Error(`${name} ${key}: ${/** @type {Error} */ (error).message}`)),
    ).start(),
  );

  return async () => {
    await nodes.stop();

    for (const controller of running) {
      await controller.stop();
    }

    await cluster.stop();
  };
}

async function eventually(what, check) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const result = await check();
    if (result) {
      return result;
    }
    if (Date.now() > deadline) {
      assert.fail(`${what} did not happen in time`);
    }

    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const template = (app, image = 'example/app:1', spec = {}, annotations = undefined) => ({
  metadata: { labels: { app }, ...(annotations && { annotations }) },
  spec: {
    containers: [{ name: 'c', image, ports: [{ name: 'http', containerPort: 8080 }] }],
    ...spec,
  },
});

const withSelector = (app, spec) => ({
  metadata: { name: app, namespace },
  spec: { selector: { matchLabels: { app } }, template: template(app), ...spec },
});

/**
 * Runs all workloads on one side; returns their objects and events in a form that can be compared.
 */
async function observe(client) {
  await client.create(defineResource('', 'v1', 'namespaces'), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });

  await eventually('the ServiceAccount', () =>
    client.find({
      resource: defineResource('', 'v1', 'serviceaccounts'),
      namespace,
      name: 'default',
    }),
  );

  const create = (resource, kind, object) => {
    const { group, version } = RESOURCES[resource];
    return client.create(RESOURCES[resource], {
      apiVersion: group ? `${group}/${version}` : version,
      kind,
      ...object,
    });
  };

  const get = (resource, name) => client.get({ resource: RESOURCES[resource], namespace, name });
  const change = async (resource, name, patch) =>
    client.patch({ resource: RESOURCES[resource], namespace, name }, 'merge', patch);

  const waitUntil = async (resource, name, test) =>
    eventually(`${resource} ${name}`, async () => {
      const object = await get(resource, name);
      const { metadata, status } = object;

      return (
        (status?.observedGeneration ?? metadata.generation) === metadata.generation &&
        test(object) &&
        object
      );
    });

  const waitForRollout = (name) =>
    waitUntil('deployments', name, ({ spec, status }) => {
      const progressing = status.conditions?.find(({ type }) => type === 'Progressing');

      return (
        status.availableReplicas === spec.replicas &&
        status.replicas === spec.replicas &&
        status.updatedReplicas === spec.replicas &&
        progressing?.reason === 'NewReplicaSetAvailable'
      );
    });

  await create('services', 'Service', {
    metadata: { name: 'web', namespace, labels: { part: 'front' } },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  });

  await create(
    'deployments',
    'Deployment',
    withSelector('web', { replicas: 3, minReadySeconds: 1 }),
  );
  await waitForRollout('web');

  const image = (name) => ({
    spec: {
      template: {
        spec: {
          containers: [{ name: 'c', image: name, ports: [{ name: 'http', containerPort: 8080 }] }],
        },
      },
    },
  });

  await change('deployments', 'web', {
    ...image('example/app:2'),
    metadata: { annotations: { 'kubernetes.io/change-cause': 'two' } },
  });

  await waitForRollout('web');
  await change('deployments', 'web', image('example/app:1'));
  await waitForRollout('web');
  await change('deployments', 'web', { spec: { replicas: 2 } });
  await waitForRollout('web');

  await create(
    'deployments',
    'Deployment',
    withSelector('stuck', {
      replicas: 1,
      progressDeadlineSeconds: 2,
      template: template(
        'stuck',
        'example/app:1',
        {},
        { 'simulation.ks-apiserver.io/ready': 'false' },
      ),
    }),
  );

  await waitUntil('deployments', 'stuck', ({ status }) =>
    status.conditions?.some(({ reason }) => reason === 'ProgressDeadlineExceeded'),
  );
  await create('deployments', 'Deployment', withSelector('paused', { replicas: 2, paused: true }));
  await waitUntil('deployments', 'paused', ({ status }) => status?.conditions?.length > 0);

  await create(
    'statefulSets',
    'StatefulSet',
    withSelector('db', {
      replicas: 2,
      serviceName: 'db',
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    }),
  );

  const steady = ({ spec, status }) =>
    status?.availableReplicas === spec.replicas &&
    status.updatedReplicas === spec.replicas &&
    status.currentRevision === status.updateRevision;

  await waitUntil('statefulSets', 'db', steady);
  await change('statefulSets', 'db', image('example/app:2'));
  await waitUntil('statefulSets', 'db', steady);
  await create('daemonSets', 'DaemonSet', withSelector('agent', {}));

  const runsEverywhere = ({ status }) =>
    status?.numberAvailable === 3 && status.updatedNumberScheduled === 3;
  await waitUntil('daemonSets', 'agent', runsEverywhere);
  await change('daemonSets', 'agent', image('example/app:2'));
  await waitUntil('daemonSets', 'agent', runsEverywhere);

  await create('controllers', 'ReplicationController', {
    metadata: { name: 'rc', namespace },
    spec: { replicas: 2, selector: { app: 'rc' }, template: template('rc') },
  });

  await waitUntil('controllers', 'rc', ({ status }) => status?.availableReplicas === 2);

  const job = (name, spec, annotations) =>
    create('jobs', 'Job', {
      metadata: { name, namespace },
      spec: {
        template: template(name, undefined, { restartPolicy: 'Never' }, annotations),
        ...spec,
      },
    });

  const hasEnded =
    (type) =>
    ({ status }) =>
      status?.conditions?.some((one) => one.type === type && one.status === 'True');

  await job('four', { completions: 4, parallelism: 2 });
  await waitUntil('jobs', 'four', hasEnded('Complete'));
  await job('indexed', { completions: 3, parallelism: 3, completionMode: 'Indexed' });
  await waitUntil('jobs', 'indexed', hasEnded('Complete'));
  await job('bad', { backoffLimit: 0 }, { 'simulation.ks-apiserver.io/exit-code': '1' });
  await waitUntil('jobs', 'bad', hasEnded('Failed'));
  await job('suspended', { suspend: true });
  await waitUntil('jobs', 'suspended', ({ status }) => status?.conditions?.length > 0);

  await eventually('the slice', async () =>
    (await client.list(RESOURCES.slices, { namespace })).items.some(
      ({ endpoints }) => endpoints?.length === 2,
    ),
  );

  await new Promise((resolve) => setTimeout(resolve, 1500));

  const found = {};

  for (const resource of Object.keys(RESOURCES)) {
    const { items } = await client.list(RESOURCES[resource], { namespace });
    found[resource] =
      resource === 'events'
        ? eventsOf(items)
        : items.map((item) => normaliseValue(withoutLabels(item))).sort(byText);
  }

  return found;
}

/** Fields that the API server or other controllers write, which are not compared. */
const NOT_THEIRS =
  /^(managedFields|resourceVersion|selfLink|generation|observedGeneration|finalizers|revisions|pv\.kubernetes\.io\/bound-by-controller|deprecated\.daemonset\.template\.generation)$/;

const byText = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Replaces hashes and random suffixes in names. */
const normaliseName = (text) =>
  text
    .replace(/\b((?:web|stuck|paused)-)[a-z0-9]{7,10}-[a-z0-9]{5}\b/g, '$1HASH-X')
    .replace(/\b((?:web|stuck|paused|db|agent)-)(?!HASH)[a-z0-9]{7,10}\b/g, '$1HASH')
    .replace(/\b((?:agent|rc|four|bad|suspended|web)-|indexed-\d-)[a-z0-9]{5}\b/g, '$1X');

function normaliseValue(value, key) {
  if (Array.isArray(value)) {
    // The token that the admission of real API servers mounts, and the labels that an API server
    // adds to a new Job.
    const own = value
      .filter((member) => !member?.name?.startsWith?.('kube-api-access-'))
      .map((member) => normaliseValue(member));

    return key === 'conditions' ? own.sort((a, b) => (a.type < b.type ? -1 : 1)) : own;
  }

  if (value === null || typeof value !== 'object') {
    if (typeof value !== 'string') {
      return value;
    }

    if (
      /^(pod-template-hash|controller-revision-hash|controller\.kubernetes\.io\/hash)$/.test(key)
    ) {
      return 'HASH';
    }

    if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) {
      return 'TIME';
    }
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value)) {
      return 'UID';
    }

    if (
      /^(simulated:\/\/[0-9a-f]{64}|simulated-\d|10\.\d+\.\d+\.\d+|pvc-[0-9a-f-]{36})$/.test(value)
    ) {
      return 'PLACE';
    }

    return normaliseName(value);
  }

  const entries = Object.entries(value)
    .filter(([name, member]) => member !== null && !NOT_THEIRS.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, normaliseValue(member, name)])
    .filter(([, member]) => typeof member !== 'object' || Object.keys(member).length > 0);

  return Object.fromEntries(entries);
}

/** Returns a Job without the labels that the API server adds to a Job without labels. */
function withoutLabels(object) {
  if (!object.spec?.template?.metadata?.labels?.['batch.kubernetes.io/job-name']) {
    return object;
  }
  return { ...object, metadata: { ...object.metadata, labels: undefined } };
}

/** Returns the events of workloads without their counts. */
function eventsOf(items) {
  const kinds = /^(Deployment|ReplicaSet|StatefulSet|DaemonSet|ReplicationController|Job)$/;

  const lines = items
    .filter(({ involvedObject }) => kinds.test(involvedObject.kind))
    .map(({ involvedObject, type, reason, message, source, reportingComponent }) =>
      normaliseName(
        `${source?.component || reportingComponent} ${involvedObject.kind} ${involvedObject.name} ${type} ${reason}: ${message.replace('(combined from similar events): ', '')}`,
      ),
    );

  return [...new Set(lines)].sort();
}

/** Returns differences as `path: real → ours`. */
function differences(real, ours, path = '') {
  if (JSON.stringify(real) === JSON.stringify(ours)) {
    return [];
  }

  const isObject = (value) => value !== null && typeof value === 'object';
  if (!isObject(real) || !isObject(ours)) {
    return [`${path}: ${JSON.stringify(real)} → ${JSON.stringify(ours)}`];
  }

  const names = [...new Set([...Object.keys(real), ...Object.keys(ours)])];

  return names.flatMap((name) => differences(real[name], ours[name], `${path}/${name}`));
}

const closers = [];
let real;
let ours;
before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulate-both-'));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));

  const cluster = await startRealCluster({ controllers: true });
  closers.push(() => cluster.stop());

  const client = new KubeClient(new RemoteTransport(await loadKubeconfig(cluster.kubeconfig)));
  closers.push(await simulateNodes(client));

  const server = await startServer({ dir, args: ['--simulate'] });
  closers.push(() => server.stop());

  const own = new KubeClient(
    new RemoteTransport(await loadKubeconfig(join(dir, 'pki/admin.kubeconfig'))),
  );
  [real, ours] = await Promise.all([observe(client), observe(own)]);
});

after(async () => {
  for (const close of closers.toReversed()) {
    await close();
  }
});

for (const resource of Object.keys(RESOURCES)) {
  test(`${resource} are as the real controllers leave them`, () => {
    assert.ok(real[resource].length > 0);
    assert.deepEqual(differences(real[resource], ours[resource]), []);
  });
}
