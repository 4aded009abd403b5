import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Reply, StormClient } from '../testing/robustness/storm-client.ts';
import { eventually, run, TestServer } from '../testing/test-server.ts';

const CORE = '/api/v1/namespaces/default';
const APPS = '/apis/apps/v1/namespaces/default';
const BATCH = '/apis/batch/v1/namespaces/default';
// biome-ignore lint/suspicious/noExplicitAny: tests look into any object.
type Item = any;

let dir: string;
let server: TestServer;
let client: StormClient;

async function start(): Promise<void> {
  server = await TestServer.start({ dataDir: dir, args: ['--simulate', '--config', join(dir, 'config.yaml')] });
  client = new StormClient(await readFile(server.kubeconfig, 'utf8'));
}
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ks-simulate-'));
  await writeFile(join(dir, 'config.yaml'), 'simulation: {nodes: 3, startDelay: 200ms, runDuration: 300ms}\n');
  await start();
});
after(async () => {
  client.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function ok(reply: Promise<Reply>): Promise<Item> {
  const { status, json } = await reply;
  assert.ok(status < 300, JSON.stringify(json));
  return json;
}
const get = (path: string): Promise<Item> => ok(client.call('GET', path));
const post = (path: string, body: unknown): Promise<Item> => ok(client.call('POST', path, body));
const remove = (path: string) => ok(client.call('DELETE', path));
/** Changes an object by what it is now, again where somebody else was faster. */
async function change(path: string, edit: (object: Item) => void): Promise<Item> {
  return eventually(async () => {
    const object = await get(path);
    edit(object);
    return ok(client.call('PUT', path, object));
  });
}
const podsOf = async (app: string): Promise<Item[]> => (await get(`${CORE}/pods?labelSelector=app%3D${app}`)).items;
const until = (path: string, check: (object: Item) => void) =>
  eventually(async () => {
    const object = await get(path);
    check(object);
    return object;
  }, 20_000);
const conditionOf = (object: Item, type: string) => object.status.conditions?.find((one: Item) => one.type === type);

function template(
  app: string,
  image = 'example/app:1',
  annotations: Record<string, string> = {},
  spec: Item = {},
): Item {
  return { metadata: { labels: { app }, annotations }, spec: { containers: [{ name: 'c', image }], ...spec } };
}
const workload = (app: string, spec: Item, image?: string) => ({
  metadata: { name: app },
  spec: { selector: { matchLabels: { app } }, template: template(app, image), ...spec },
});
const rolledOut = (app: string) =>
  until(`${APPS}/deployments/${app}`, ({ metadata, spec, status }) => {
    assert.equal(status.observedGeneration, metadata.generation);
    assert.equal(status.updatedReplicas, spec.replicas);
    assert.equal(status.replicas, spec.replicas);
    assert.equal(status.availableReplicas, spec.replicas);
  });

test('a Deployment gets Pods that become ready on nodes, and says everywhere that this is simulated', async () => {
  await post(`${APPS}/deployments`, workload('web', { replicas: 3 }));
  await post(`${CORE}/services`, {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const deployment = await rolledOut('web');
  assert.equal(conditionOf(deployment, 'Available').reason, 'MinimumReplicasAvailable');
  await until(`${APPS}/deployments/web`, (now) =>
    assert.equal(conditionOf(now, 'Progressing').reason, 'NewReplicaSetAvailable'),
  );
  const [set] = (await get(`${APPS}/replicasets?labelSelector=app%3Dweb`)).items;
  const hash = set.metadata.labels['pod-template-hash'];
  assert.equal(set.metadata.name, `web-${hash}`);
  assert.equal(set.metadata.annotations['deployment.kubernetes.io/revision'], '1');
  const pods = await podsOf('web');
  assert.equal(pods.length, 3);
  for (const { metadata, spec, status } of pods) {
    assert.match(metadata.name, new RegExp(`^web-${hash}-[a-z0-9]{5}$`));
    assert.deepEqual(
      [metadata.ownerReferences[0].kind, metadata.ownerReferences[0].name],
      ['ReplicaSet', set.metadata.name],
    );
    assert.equal(metadata.ownerReferences[0].apiVersion, 'apps/v1');
    assert.equal(status.phase, 'Running');
    assert.match(status.podIP, /^10\.6\d\./);
    assert.match(spec.nodeName, /^simulated-[123]$/);
    assert.match(status.conditions.find(({ type }: Item) => type === 'Ready').message, /simulated by ks-apiserver/);
    assert.deepEqual([status.containerStatuses[0].ready, status.containerStatuses[0].restartCount], [true, 0]);
  }
  assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 3, 'each node has one');
  const ips = pods.map(({ status }) => status.podIP).sort();
  const { subsets } = await until(`${CORE}/endpoints/web`, (one) =>
    assert.equal(one.subsets?.[0].addresses?.length, 3),
  );
  assert.deepEqual(subsets[0].addresses.map(({ ip }: Item) => ip).sort(), ips);
  assert.equal(subsets[0].ports[0].port, 8080);
  const slices = await get(
    `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb`,
  );
  assert.equal(slices.items[0].endpoints.length, 3);
  const node = await get('/api/v1/nodes/simulated-1');
  assert.match(conditionOf(node, 'Ready').message, /simulated/);
  assert.equal(conditionOf(node, 'Ready').status, 'True');
  const log = await client.call('GET', `${CORE}/pods/${pods[0].metadata.name}/log`);
  assert.equal(log.status, 503);
  assert.match(log.json.message, /runs no containers/);
  const { items } = await eventually(async () => {
    const events = await get(`${CORE}/events?fieldSelector=reason%3DScalingReplicaSet`);
    assert.equal(events.items.length, 1);
    return events;
  });
  assert.equal(items[0].message, `Scaled up replica set ${set.metadata.name} from 0 to 3`);
});

test('a rollout keeps to maxSurge and maxUnavailable, and can be undone', async () => {
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
  const created = await post(`${APPS}/deployments`, workload('roll', { replicas: 4, strategy: { rollingUpdate } }));
  await rolledOut('roll');
  const pods = new Map<string, Item>();
  let [most, fewest] = [0, Number.POSITIVE_INFINITY];
  const stop = new AbortController();
  const from = created.metadata.resourceVersion;
  const list = await get(`${CORE}/pods?labelSelector=app%3Droll`);
  for (const pod of list.items) pods.set(pod.metadata.name, pod);
  const watching = client.watch(
    `${CORE}/pods?labelSelector=app%3Droll&watch=true&resourceVersion=${list.metadata.resourceVersion}`,
    ({ type, object }) => {
      if (type === 'DELETED') pods.delete(object.metadata.name);
      else pods.set(object.metadata.name, object);
      const alive = [...pods.values()].filter(({ metadata }) => !metadata.deletionTimestamp);
      most = Math.max(most, alive.length);
      fewest = Math.min(fewest, alive.filter((pod) => conditionOf(pod, 'Ready')?.status === 'True').length);
    },
    stop.signal,
  );
  await change(`${APPS}/deployments/roll`, ({ metadata, spec }) => {
    spec.template.spec.containers[0].image = 'example/app:2';
    metadata.annotations = { ...metadata.annotations, 'kubernetes.io/change-cause': 'two' };
  });
  await rolledOut('roll');
  assert.ok(Number(from) > 0 && most === 5 && fewest === 4, `${fewest} to ${most} pods`);
  const sets = async () => {
    const { items } = await get(`${APPS}/replicasets?labelSelector=app%3Droll`);
    return new Map<string, Item>(items.map((set: Item) => [set.spec.template.spec.containers[0].image, set]));
  };
  const revision = (set: Item) => set.metadata.annotations['deployment.kubernetes.io/revision'];
  assert.equal(revision((await sets()).get('example/app:2')), '2');
  assert.equal((await sets()).get('example/app:2').metadata.annotations['kubernetes.io/change-cause'], 'two');
  // What `kubectl rollout undo` does.
  await change(`${APPS}/deployments/roll`, ({ spec }) => {
    spec.template.spec.containers[0].image = 'example/app:1';
  });
  const undone = await rolledOut('roll');
  stop.abort();
  await watching;
  assert.equal((await sets()).size, 2, 'the ReplicaSet of the first revision is used again');
  assert.equal(revision((await sets()).get('example/app:1')), '3');
  assert.equal(undone.metadata.annotations['deployment.kubernetes.io/revision'], '3');
  for (const image of ['3', '4', '5']) {
    await change(`${APPS}/deployments/roll`, ({ spec }) => {
      spec.revisionHistoryLimit = 1;
      spec.template.spec.containers[0].image = `example/app:${image}`;
    });
    await rolledOut('roll');
  }
  await eventually(async () => assert.equal((await sets()).size, 2, 'old revisions are forgotten'));
});

test('a rollout whose Pods never become ready keeps the old ones, and is told to be late', async () => {
  await post(`${APPS}/deployments`, workload('stuck', { replicas: 2, progressDeadlineSeconds: 2 }));
  await rolledOut('stuck');
  await change(`${APPS}/deployments/stuck`, ({ spec }) => {
    spec.template = template('stuck', 'example/app:bad', { 'simulation.ks-apiserver.io/ready': 'false' });
  });
  const late = await until(`${APPS}/deployments/stuck`, (deployment) =>
    assert.equal(conditionOf(deployment, 'Progressing').reason, 'ProgressDeadlineExceeded'),
  );
  assert.equal(late.status.availableReplicas, 2);
  assert.equal(conditionOf(late, 'Available').status, 'True');
});

test('Recreate starts new Pods only when the old ones are gone, and a paused rollout waits', async () => {
  await post(`${APPS}/deployments`, workload('re', { replicas: 2, strategy: { type: 'Recreate' } }));
  await rolledOut('re');
  const old = new Set((await podsOf('re')).map(({ metadata }) => metadata.name));
  const { metadata } = await get(`${CORE}/pods`);
  let overlap = false;
  const stop = new AbortController();
  const watching = client.watch(
    `${CORE}/pods?labelSelector=app%3Dre&watch=true&resourceVersion=${metadata.resourceVersion}`,
    ({ type, object }) => {
      if (type === 'DELETED') old.delete(object.metadata.name);
      else if (!old.has(object.metadata.name) && old.size > 0) overlap = true;
    },
    stop.signal,
  );
  await change(`${APPS}/deployments/re`, ({ spec }) => {
    spec.paused = true;
    spec.template.spec.containers[0].image = 'example/app:2';
  });
  await until(`${APPS}/deployments/re`, (one) =>
    assert.equal(conditionOf(one, 'Progressing').reason, 'DeploymentPaused'),
  );
  assert.equal(old.size, 2);
  await change(`${APPS}/deployments/re`, ({ spec }) => {
    spec.paused = false;
  });
  await rolledOut('re');
  stop.abort();
  await watching;
  assert.equal(overlap, false);
});

test('a StatefulSet makes its Pods in order, keeps names and claims, and updates from the last to the first', async () => {
  const volumeClaimTemplates = [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ];
  const path = `${APPS}/statefulsets/db`;
  const { metadata } = await post(
    `${APPS}/statefulsets`,
    workload('db', { replicas: 3, serviceName: 'db', volumeClaimTemplates }),
  );
  const order: string[] = [];
  const stop = new AbortController();
  const watching = client.watch(
    `${CORE}/pods?labelSelector=app%3Ddb&watch=true&resourceVersion=${metadata.resourceVersion}`,
    ({ type, object }) => {
      const ready = conditionOf(object, 'Ready')?.status === 'True' && !object.metadata.deletionTimestamp;
      const step = `${type === 'MODIFIED' ? (ready ? 'READY' : '') : type} ${object.metadata.name}`;
      if (type !== 'MODIFIED' || ready) if (order.at(-1) !== step) order.push(step);
    },
    stop.signal,
  );
  await until(path, ({ status }) => assert.equal(status.availableReplicas, 3));
  await eventually(async () => assert.equal(order.length, 6));
  assert.deepEqual(
    order.splice(0),
    [0, 1, 2].flatMap((i) => [`ADDED db-${i}`, `READY db-${i}`]),
  );
  const claims = (await get(`${CORE}/persistentvolumeclaims`)).items.filter(
    (one: Item) => one.metadata.labels?.app === 'db',
  );
  assert.deepEqual(
    claims.map((one: Item) => [one.metadata.name, one.status.phase]),
    [0, 1, 2].map((i) => [`data-db-${i}`, 'Bound']),
  );
  await change(path, ({ spec }) => {
    spec.template.spec.containers[0].image = 'example/app:2';
  });
  await until(path, ({ metadata, status }) => {
    assert.equal(status.observedGeneration, metadata.generation);
    assert.equal(status.updatedReplicas, 3);
    assert.equal(status.currentRevision, status.updateRevision);
  });
  assert.deepEqual(
    order.splice(0),
    [2, 1, 0].flatMap((i) => [`DELETED db-${i}`, `ADDED db-${i}`, `READY db-${i}`]),
  );
  await change(path, ({ spec }) => {
    spec.replicas = 1;
  });
  await until(path, ({ status }) => assert.equal(status.replicas, 1));
  await eventually(async () => assert.deepEqual(order, ['DELETED db-2', 'DELETED db-1']));
  stop.abort();
  await watching;
  assert.equal(
    (await get(`${CORE}/persistentvolumeclaims/data-db-2`)).status.phase,
    'Bound',
    'claims outlive their pods',
  );
});

test('DaemonSets, schedulers and taints: Pods go where they may', async () => {
  await post(`${APPS}/daemonsets`, workload('agent', {}));
  const path = `${APPS}/daemonsets/agent`;
  await until(path, ({ status }) => assert.deepEqual([status.desiredNumberScheduled, status.numberAvailable], [3, 3]));
  assert.deepEqual((await podsOf('agent')).map(({ spec }) => spec.nodeName).sort(), [
    'simulated-1',
    'simulated-2',
    'simulated-3',
  ]);
  await change('/api/v1/nodes/simulated-2', ({ spec }) => {
    spec.taints = [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }];
  });
  await until(path, ({ status }) => assert.deepEqual([status.desiredNumberScheduled, status.numberAvailable], [2, 2]));
  await change(path, ({ spec }) => {
    spec.template.spec.containers[0].image = 'example/app:2';
  });
  await until(path, ({ metadata, status }) => {
    assert.equal(status.observedGeneration, metadata.generation);
    assert.deepEqual([status.updatedNumberScheduled, status.numberAvailable], [2, 2]);
  });
  await change('/api/v1/nodes/simulated-1', ({ spec }) => {
    spec.unschedulable = true;
  });
  const pod = (name: string, spec: Item) =>
    post(`${CORE}/pods`, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'x' }], ...spec } });
  await pod('anywhere', {});
  await pod('dedicated', {
    tolerations: [{ key: 'dedicated', operator: 'Exists' }],
    nodeSelector: { 'kubernetes.io/hostname': 'simulated-2' },
  });
  await pod('nowhere', { nodeSelector: { disk: 'ssd' } });
  const ready = (name: string) =>
    until(`${CORE}/pods/${name}`, (one) => assert.equal(conditionOf(one, 'Ready')?.status, 'True'));
  assert.equal((await ready('anywhere')).spec.nodeName, 'simulated-3');
  assert.equal((await ready('dedicated')).spec.nodeName, 'simulated-2');
  const nowhere = await until(`${CORE}/pods/nowhere`, (one) =>
    assert.equal(conditionOf(one, 'PodScheduled')?.reason, 'Unschedulable'),
  );
  assert.match(
    conditionOf(nowhere, 'PodScheduled').message,
    /^0\/3 nodes are available: 1 node\(s\) were unschedulable, 2 node\(s\) didn't match/,
  );
  await change('/api/v1/nodes/simulated-3', ({ metadata }) => {
    metadata.labels.disk = 'ssd';
  });
  assert.equal((await ready('nowhere')).spec.nodeName, 'simulated-3');
  for (const name of ['simulated-1', 'simulated-2'])
    await change(`/api/v1/nodes/${name}`, ({ spec }) => {
      delete spec.unschedulable;
      delete spec.taints;
    });
});

test('Jobs complete, fail after their limit, and go when their time is over', async () => {
  const job = (name: string, spec: Item, annotations: Record<string, string> = {}) =>
    post(`${BATCH}/jobs`, {
      metadata: { name },
      spec: { template: template(name, undefined, annotations, { restartPolicy: 'Never' }), ...spec },
    });
  await job('four', { completions: 4, parallelism: 2 });
  await job('indexed', { completions: 3, parallelism: 3, completionMode: 'Indexed', ttlSecondsAfterFinished: 1 });
  await job('bad', { backoffLimit: 1 }, { 'simulation.ks-apiserver.io/exit-code': '3' });
  const complete = (one: Item) => assert.equal(conditionOf(one, 'Complete')?.status, 'True');
  const four = await until(`${BATCH}/jobs/four`, complete);
  assert.equal(four.status.succeeded, 4);
  assert.ok(four.status.completionTime && four.status.startTime);
  assert.equal((await podsOf('four')).length, 4);
  const bad = await until(`${BATCH}/jobs/bad`, (one) =>
    assert.equal(conditionOf(one, 'Failed')?.reason, 'BackoffLimitExceeded'),
  );
  assert.equal(bad.status.failed, 2);
  assert.equal((await podsOf('bad'))[0].status.containerStatuses[0].state.terminated.exitCode, 3);
  await eventually(async () => assert.equal((await client.call('GET', `${BATCH}/jobs/indexed`)).status, 404));
  await eventually(async () => assert.equal((await podsOf('indexed')).length, 0, 'its pods go with it'));
});

test('what was under way when the server was killed goes on, and deletions take everything along', async () => {
  await post(`${APPS}/deployments`, workload('killed', { replicas: 6 }));
  await eventually(async () => assert.ok((await podsOf('killed')).length > 0));
  await server.stop('SIGKILL');
  client.close();
  await start();
  await rolledOut('killed');
  assert.equal((await podsOf('killed')).length, 6, 'no pod was made twice');
  await change(`${APPS}/deployments/killed`, ({ spec }) => {
    spec.replicas = 2;
  });
  await rolledOut('killed');
  const { uid } = (await get(`${APPS}/deployments/killed`)).metadata;
  await remove(`${APPS}/deployments/killed`);
  await eventually(async () => assert.equal((await podsOf('killed')).length, 0), 20_000);
  const sets = (await get(`${APPS}/replicasets`)).items.filter(
    ({ metadata }: Item) => metadata.ownerReferences?.[0].uid === uid,
  );
  assert.equal(sets.length, 0);
  assert.doesNotMatch(server.output, /"controller":"simulated-|the simulation cannot write/);
});

test('Pods and ReplicaSets that nobody controls are taken in, and let go when their labels change', async () => {
  const object = workload('kept', { replicas: 2 });
  await post(`${APPS}/deployments`, object);
  await rolledOut('kept');
  const before = (await podsOf('kept')).map(({ metadata }) => metadata.uid).sort();
  await ok(client.call('DELETE', `${APPS}/deployments/kept`, { propagationPolicy: 'Orphan' }));
  await eventually(async () => assert.equal((await client.call('GET', `${APPS}/deployments/kept`)).status, 404));
  await post(`${APPS}/deployments`, object);
  await rolledOut('kept');
  const after = await podsOf('kept');
  assert.deepEqual(after.map(({ metadata }) => metadata.uid).sort(), before, 'the pods are those that were left');
  await change(`${CORE}/pods/${after[0].metadata.name}`, ({ metadata }) => {
    metadata.labels = { app: 'looked-into' };
  });
  await eventually(async () => {
    const [pod] = await podsOf('looked-into');
    assert.equal(pod.metadata.ownerReferences, undefined);
    assert.equal((await podsOf('kept')).length, 2, 'another one takes its place');
  });
  await remove(`${APPS}/deployments/kept`);
  await eventually(async () => assert.equal((await podsOf('kept')).length, 0), 20_000);
  assert.equal((await podsOf('looked-into')).length, 1);
});

test('a namespace goes with all its workloads, and nothing fails over that', async () => {
  await post('/api/v1/namespaces', { metadata: { name: 'busy' } });
  const inside = (path: string) => path.replace('/default', '/busy');
  await eventually(() => get(inside(`${CORE}/serviceaccounts/default`)));
  await post(inside(`${APPS}/deployments`), workload('a', { replicas: 5 }));
  await post(inside(`${APPS}/statefulsets`), workload('b', { replicas: 3, serviceName: 'b' }));
  await post(inside(`${CORE}/services`), {
    metadata: { name: 'a' },
    spec: { selector: { app: 'a' }, ports: [{ port: 80 }] },
  });
  await eventually(async () => assert.ok((await get(inside(`${CORE}/pods`))).items.length > 3));
  await remove('/api/v1/namespaces/busy');
  await eventually(async () => assert.equal((await client.call('GET', '/api/v1/namespaces/busy')).status, 404), 30_000);
  assert.doesNotMatch(server.output, /"controller":"simulated-|the simulation cannot write/);
});

test('a cluster is not simulated', async () => {
  const { code, stderr } = await run(['--simulate', '--kubeconfig', '/nonexistent'], { cwd: dir });
  assert.equal(code, 1);
  assert.match(stderr, /--simulate is for the embedded Kubernetes API/);
});
