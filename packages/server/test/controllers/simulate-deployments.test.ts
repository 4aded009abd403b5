import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  APPS,
  CORE,
  change,
  client,
  conditionOf,
  get,
  type Item,
  podsOf,
  post,
  startSimulation,
  stopSimulation,
  template,
  until,
  waitForRollout,
  workload,
} from '../support/simulated.ts';
import { eventually } from '../support/test-server.ts';

before(startSimulation);
after(stopSimulation);

test('a Deployment gets Pods that become ready on nodes, all marked as simulated', async () => {
  await post(`${APPS}/deployments`, workload('web', { replicas: 3 }));

  await post(`${CORE}/services`, {
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });

  const deployment = await waitForRollout('web');
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

    assert.match(
      status.conditions.find(({ type }: Item) => type === 'Ready').message,
      /simulated by ks-apiserver/,
    );

    assert.deepEqual(
      [status.containerStatuses[0].ready, status.containerStatuses[0].restartCount],
      [true, 0],
    );
  }

  assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 3, 'each node has one');

  const ips = pods.map(({ status }) => status.podIP).sort();
  const { subsets } = await until(`${CORE}/endpoints/web`, (one) =>
    assert.equal(one.subsets?.[0].addresses?.length, 3),
  );

  assert.deepEqual(subsets[0].addresses.map(({ ip }: Item) => ip).sort(), ips);
  assert.equal(subsets[0].ports[0].port, 8080);

  await until(
    `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb`,
    ({ items }) => assert.equal(items[0].endpoints.length, 3),
  );

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

test('a rollout respects maxSurge and maxUnavailable, and can be undone', async () => {
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };

  const created = await post(
    `${APPS}/deployments`,
    workload('roll', { replicas: 4, strategy: { rollingUpdate } }),
  );

  await waitForRollout('roll');

  const pods = new Map<string, Item>();
  let [most, fewest] = [0, Number.POSITIVE_INFINITY];
  const stop = new AbortController();
  const from = created.metadata.resourceVersion;
  const list = await get(`${CORE}/pods?labelSelector=app%3Droll`);
  for (const pod of list.items) {
    pods.set(pod.metadata.name, pod);
  }

  const watching = client.watch(
    `${CORE}/pods?labelSelector=app%3Droll&watch=true&resourceVersion=${list.metadata.resourceVersion}`,
    ({ type, object }) => {
      if (type === 'DELETED') {
        pods.delete(object.metadata.name);
      } else {
        pods.set(object.metadata.name, object);
      }

      const alive = [...pods.values()].filter(({ metadata }) => !metadata.deletionTimestamp);
      most = Math.max(most, alive.length);

      fewest = Math.min(
        fewest,
        alive.filter((pod) => conditionOf(pod, 'Ready')?.status === 'True').length,
      );
    },
    stop.signal,
  );

  await change(`${APPS}/deployments/roll`, ({ metadata, spec }) => {
    spec.template.spec.containers[0].image = 'example/app:2';
    metadata.annotations = { ...metadata.annotations, 'kubernetes.io/change-cause': 'two' };
  });

  await waitForRollout('roll');
  assert.ok(Number(from) > 0 && most === 5 && fewest === 4, `${fewest} to ${most} pods`);

  const sets = async () => {
    const { items } = await get(`${APPS}/replicasets?labelSelector=app%3Droll`);
    return new Map<string, Item>(
      items.map((set: Item) => [set.spec.template.spec.containers[0].image, set]),
    );
  };

  const revision = (set: Item) => set.metadata.annotations['deployment.kubernetes.io/revision'];
  assert.equal(revision((await sets()).get('example/app:2')), '2');

  assert.equal(
    (await sets()).get('example/app:2').metadata.annotations['kubernetes.io/change-cause'],
    'two',
  );

  // The same patch as `kubectl rollout undo`.
  await change(`${APPS}/deployments/roll`, ({ spec }) => {
    spec.template.spec.containers[0].image = 'example/app:1';
  });

  const undone = await waitForRollout('roll');

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

    await waitForRollout('roll');
  }

  await eventually(async () => assert.equal((await sets()).size, 2, 'old revisions are forgotten'));
});

test('a rollout whose Pods never become ready keeps the old ones, and exceeds its deadline', async () => {
  await post(`${APPS}/deployments`, workload('stuck', { replicas: 2, progressDeadlineSeconds: 2 }));
  await waitForRollout('stuck');

  await change(`${APPS}/deployments/stuck`, ({ spec }) => {
    spec.template = template('stuck', 'example/app:bad', {
      'simulation.ks-apiserver.io/ready': 'false',
    });
  });

  const late = await until(`${APPS}/deployments/stuck`, (deployment) =>
    assert.equal(conditionOf(deployment, 'Progressing').reason, 'ProgressDeadlineExceeded'),
  );
  assert.equal(late.status.availableReplicas, 2);
  assert.equal(conditionOf(late, 'Available').status, 'True');
});

test('Recreate starts new Pods only when the old ones are gone, and a paused rollout waits', async () => {
  await post(
    `${APPS}/deployments`,
    workload('re', { replicas: 2, strategy: { type: 'Recreate' } }),
  );

  await waitForRollout('re');

  const old = new Set((await podsOf('re')).map(({ metadata }) => metadata.name));
  const { metadata } = await get(`${CORE}/pods`);
  let overlap = false;
  const stop = new AbortController();

  const watching = client.watch(
    `${CORE}/pods?labelSelector=app%3Dre&watch=true&resourceVersion=${metadata.resourceVersion}`,
    ({ type, object }) => {
      if (type === 'DELETED') {
        old.delete(object.metadata.name);
      } else if (!old.has(object.metadata.name) && old.size > 0) {
        overlap = true;
      }
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
  await waitForRollout('re');
  stop.abort();
  await watching;
  assert.equal(overlap, false);
});
