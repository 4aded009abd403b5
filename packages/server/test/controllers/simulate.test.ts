import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  APPS,
  BATCH,
  CORE,
  change,
  client,
  conditionOf,
  dir,
  expectOk,
  get,
  type Item,
  podsOf,
  post,
  remove,
  server,
  start,
  startSimulation,
  stopSimulation,
  template,
  until,
  waitForRollout,
  workload,
} from '../support/simulated.ts';
import { eventually, run } from '../support/test-server.ts';

before(startSimulation);
after(stopSimulation);

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
      const ready =
        conditionOf(object, 'Ready')?.status === 'True' && !object.metadata.deletionTimestamp;
      const readiness = ready ? 'READY' : '';
      const step = `${type === 'MODIFIED' ? readiness : type} ${object.metadata.name}`;

      if (type !== 'MODIFIED' || ready) {
        if (order.at(-1) !== step) {
          order.push(step);
        }
      }
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

test('DaemonSets, schedulers and taints: Pods run only on nodes that allow them', async () => {
  await post(`${APPS}/daemonsets`, workload('agent', {}));

  const path = `${APPS}/daemonsets/agent`;
  await until(path, ({ status }) =>
    assert.deepEqual([status.desiredNumberScheduled, status.numberAvailable], [3, 3]),
  );

  assert.deepEqual((await podsOf('agent')).map(({ spec }) => spec.nodeName).sort(), [
    'simulated-1',
    'simulated-2',
    'simulated-3',
  ]);

  await change('/api/v1/nodes/simulated-2', ({ spec }) => {
    spec.taints = [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }];
  });
  await until(path, ({ status }) =>
    assert.deepEqual([status.desiredNumberScheduled, status.numberAvailable], [2, 2]),
  );
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
    post(`${CORE}/pods`, {
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
    });

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

  for (const name of ['simulated-1', 'simulated-2']) {
    await change(`/api/v1/nodes/${name}`, ({ spec }) => {
      delete spec.unschedulable;
      delete spec.taints;
    });
  }
});

test('Jobs complete, fail after their limit, and are deleted after their TTL', async () => {
  const job = (name: string, spec: Item, annotations: Record<string, string> = {}) =>
    post(`${BATCH}/jobs`, {
      metadata: { name },
      spec: {
        template: template(name, undefined, annotations, { restartPolicy: 'Never' }),
        ...spec,
      },
    });

  await job('four', { completions: 4, parallelism: 2 });

  await job('indexed', {
    completions: 3,
    parallelism: 3,
    completionMode: 'Indexed',
    ttlSecondsAfterFinished: 1,
  });

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
  await eventually(async () =>
    assert.equal((await client.call('GET', `${BATCH}/jobs/indexed`)).status, 404),
  );
  await eventually(async () =>
    assert.equal((await podsOf('indexed')).length, 0, 'its pods go with it'),
  );
});

test('operations in progress continue after a kill, and deletions are completed', async () => {
  await post(`${APPS}/deployments`, workload('killed', { replicas: 6 }));
  await eventually(async () => assert.ok((await podsOf('killed')).length > 0));
  await server.stop('SIGKILL');
  client.close();
  await start();
  await waitForRollout('killed');
  assert.equal((await podsOf('killed')).length, 6, 'no pod was made twice');
  await change(`${APPS}/deployments/killed`, ({ spec }) => {
    spec.replicas = 2;
  });
  await waitForRollout('killed');

  const { uid } = (await get(`${APPS}/deployments/killed`)).metadata;

  await remove(`${APPS}/deployments/killed`);
  await eventually(async () => assert.equal((await podsOf('killed')).length, 0), 20_000);

  const sets = (await get(`${APPS}/replicasets`)).items.filter(
    ({ metadata }: Item) => metadata.ownerReferences?.[0].uid === uid,
  );
  assert.equal(sets.length, 0);
  assert.doesNotMatch(server.output, /"controller":"simulated-|the simulation cannot write/);
});

test('Pods and ReplicaSets without a controller are adopted, and released when their labels change', async () => {
  const object = workload('kept', { replicas: 2 });
  await post(`${APPS}/deployments`, object);
  await waitForRollout('kept');

  const before = (await podsOf('kept')).map(({ metadata }) => metadata.uid).sort();

  await expectOk(
    client.call('DELETE', `${APPS}/deployments/kept`, { propagationPolicy: 'Orphan' }),
  );
  await eventually(async () =>
    assert.equal((await client.call('GET', `${APPS}/deployments/kept`)).status, 404),
  );
  await post(`${APPS}/deployments`, object);
  await waitForRollout('kept');

  const after = await podsOf('kept');
  assert.deepEqual(
    after.map(({ metadata }) => metadata.uid).sort(),
    before,
    'the pods are those that were left',
  );

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

test('a namespace is deleted with all its workloads, without failures of controllers', async () => {
  await post('/api/v1/namespaces', { metadata: { name: 'busy' } });

  const inBusy = (path: string) => path.replace('/default', '/busy');
  await eventually(() => get(inBusy(`${CORE}/serviceaccounts/default`)));
  await post(inBusy(`${APPS}/deployments`), workload('a', { replicas: 5 }));
  await post(inBusy(`${APPS}/statefulsets`), workload('b', { replicas: 3, serviceName: 'b' }));

  await post(inBusy(`${CORE}/services`), {
    metadata: { name: 'a' },
    spec: { selector: { app: 'a' }, ports: [{ port: 80 }] },
  });

  await eventually(async () => assert.ok((await get(inBusy(`${CORE}/pods`))).items.length > 3));
  await remove('/api/v1/namespaces/busy');

  await eventually(
    async () => assert.equal((await client.call('GET', '/api/v1/namespaces/busy')).status, 404),
    30_000,
  );

  assert.doesNotMatch(server.output, /"controller":"simulated-|the simulation cannot write/);
});

test('a volume created by hand is available, bound to the claim that names it, and released when the claim is deleted', async () => {
  const volumes = '/api/v1/persistentvolumes';
  const claims = `${CORE}/persistentvolumeclaims`;
  const capacity = { storage: '5Gi' };
  const accessModes = ['ReadWriteOnce'];
  await post(volumes, {
    metadata: { name: 'by-hand' },
    spec: {
      capacity,
      accessModes,
      hostPath: { path: '/x' },
      persistentVolumeReclaimPolicy: 'Retain',
    },
  });

  const phase = (expected: string) =>
    until(`${volumes}/by-hand`, ({ status }) => assert.equal(status.phase, expected));
  await phase('Available');

  await post(claims, {
    metadata: { name: 'named' },
    spec: {
      accessModes,
      resources: { requests: { storage: '1Gi' } },
      volumeName: 'by-hand',
      storageClassName: '',
    },
  });

  await until(`${claims}/named`, ({ status }) =>
    assert.deepEqual([status.phase, status.capacity], ['Bound', capacity]),
  );
  await phase('Bound');
  await remove(`${claims}/named`);
  await phase('Released');
});

test('a claim names the provisioner of its class, as the console expects', async () => {
  await post('/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'quick' },
    provisioner: 'disk.example.com',
  });

  const claims = `${CORE}/persistentvolumeclaims`;
  await post(claims, {
    metadata: { name: 'made' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'quick',
    },
  });

  await until(`${claims}/made`, ({ metadata, status }) => {
    for (const key of ['volume.beta.kubernetes.io', 'volume.kubernetes.io']) {
      assert.equal(metadata.annotations?.[`${key}/storage-provisioner`], 'disk.example.com');
    }
    assert.equal(status.phase, 'Bound');
  });
});

test('a cluster is not simulated', async () => {
  const { code, stderr } = await run(['--simulate', '--kubeconfig', '/nonexistent'], { cwd: dir });
  assert.equal(code, 1);
  assert.match(stderr, /--simulate is for the embedded Kubernetes API/);
});
