// What becomes of federated objects in members: placement, overrides, changes by hand, objects that
// were there before, members that are gone for a while, and deletion.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, type TestServer } from '../support/test-server.ts';
import {
  type Clusters,
  create,
  eventuallyGone,
  eventuallyHas,
  FEDERATED,
  memberOf,
  patch,
  startClusters,
} from './clusters.ts';

let clusters: Clusters;
let host: TestServer;
let east: TestServer;
let west: TestServer;

before(async () => {
  clusters = await startClusters('east', 'west');
  host = clusters.host;
  east = memberOf(clusters, 'east');
  west = memberOf(clusters, 'west');
});

after(async () => {
  await clusters?.stop();
});

const everywhere = { clusterSelector: {} };
const onMembers = { clusters: [{ name: 'east' }, { name: 'west' }] };

/** Creates a namespace in the host, and federates it. */
async function federateNamespace(
  name: string,
  placement: object = onMembers,
  labels: object = {},
): Promise<void> {
  await create(host, '/api/v1/namespaces', { metadata: { name, labels } });
  await create(host, `${FEDERATED}/namespaces/${name}/federatednamespaces`, {
    apiVersion: 'types.kubefed.io/v1beta1',
    kind: 'FederatedNamespace',
    metadata: { name },
    spec: { template: { metadata: { labels } }, placement },
  });
}

async function federateConfig(
  namespace: string,
  name: string,
  spec: object,
  data: object = { color: 'red' },
): Promise<string> {
  const path = `${FEDERATED}/namespaces/${namespace}/federatedconfigmaps`;
  await create(host, path, {
    apiVersion: 'types.kubefed.io/v1beta1',
    kind: 'FederatedConfigMap',
    metadata: { name },
    spec: { template: { data }, placement: onMembers, ...spec },
  });

  return `${path}/${name}`;
}

const config = (namespace: string, name: string) =>
  `/api/v1/namespaces/${namespace}/configmaps/${name}`;

interface Status {
  status?: {
    conditions?: { status: string; reason?: string }[];
    clusters?: { name: string; status?: string }[];
  };
}

const stateOf = ({ status }: Status) => [
  status?.conditions?.[0]?.status,
  status?.conditions?.[0]?.reason ?? '',
  Object.fromEntries((status?.clusters ?? []).map((one) => [one.name, one.status ?? ''])),
];

test('objects are in the clusters that their placement selects, with overrides', async () => {
  await federateNamespace('shop', everywhere);

  const overrides = [
    { clusterName: 'west', clusterOverrides: [{ path: '/data/color', value: 'blue' }] },
  ];
  const path = await federateConfig('shop', 'settings', { placement: everywhere, overrides });

  const inEast = await eventuallyHas(east, config('shop', 'settings'));
  assert.deepEqual(inEast.data, { color: 'red' });
  assert.equal(inEast.metadata.labels['kubefed.io/managed'], 'true');
  assert.deepEqual((await eventuallyHas(west, config('shop', 'settings'))).data, { color: 'blue' });
  await eventuallyHas(host, config('shop', 'settings'));

  await eventuallyHas(host, path, (object) =>
    assert.deepEqual(stateOf(object), ['True', '', { east: '', host: '', west: '' }]),
  );

  await patch(host, path, {
    spec: { placement: { clusterSelector: { matchLabels: { place: 'east' } } } },
  });
  await eventuallyGone(west, config('shop', 'settings'));
  await eventuallyGone(host, config('shop', 'settings'));
  await eventuallyHas(east, config('shop', 'settings'));
  await eventuallyHas(host, path, (object) =>
    assert.deepEqual(stateOf(object), ['True', '', { east: '' }]),
  );
});

test('changes by hand in a member are put back', async () => {
  await federateNamespace('hands');
  await federateConfig('hands', 'settings', {});
  await eventuallyHas(east, config('hands', 'settings'));

  await patch(east, config('hands', 'settings'), {
    data: { color: 'green', more: 'x' },
    metadata: { labels: { a: 'b' }, annotations: { kept: 'yes' } },
  });

  const { metadata } = await eventuallyHas(east, config('hands', 'settings'), (object) => {
    assert.deepEqual(object.data, { color: 'red' });
    assert.equal(object.metadata.labels.a, undefined);
  });
  assert.equal(metadata.annotations.kept, 'yes');

  await east.kubernetes(config('hands', 'settings'), { method: 'DELETE' });
  await eventuallyHas(east, config('hands', 'settings'));
});

test('an object that is there is taken over, unless it says no, and stays in the end', async () => {
  await federateNamespace('taken');
  await eventuallyHas(east, '/api/v1/namespaces/taken');
  await eventuallyHas(west, '/api/v1/namespaces/taken');

  const configMaps = '/api/v1/namespaces/taken/configmaps';
  await create(east, configMaps, { metadata: { name: 'old' }, data: { color: 'black' } });
  await create(west, configMaps, {
    metadata: { name: 'old', labels: { 'kubefed.io/managed': 'false' } },
    data: { color: 'black' },
  });

  const path = await federateConfig('taken', 'old', {});
  await eventuallyHas(host, path, (object) =>
    assert.deepEqual(stateOf(object), [
      'False',
      'CheckClusters',
      { east: '', west: 'ManagedLabelFalse' },
    ]),
  );

  assert.deepEqual((await eventuallyHas(east, config('taken', 'old'))).data, { color: 'red' });
  assert.deepEqual((await eventuallyHas(west, config('taken', 'old'))).data, { color: 'black' });

  await host.kubernetes(path, { method: 'DELETE' });
  await eventuallyGone(host, path);

  const { metadata } = await eventuallyHas(east, config('taken', 'old'));
  assert.equal(metadata.labels?.['kubefed.io/managed'], undefined);
  assert.equal(metadata.annotations?.['federation.kubesphere.io/adopted'], undefined);
  await eventuallyHas(west, config('taken', 'old'));
});

test('copies are deleted with the federated object, or stay where an annotation says so', async () => {
  await federateNamespace('ends');
  const path = await federateConfig('ends', 'goes', {});
  const orphan = await federateConfig('ends', 'stays', {});

  for (const member of [east, west]) {
    await eventuallyHas(member, config('ends', 'goes'));
    await eventuallyHas(member, config('ends', 'stays'));
  }

  await patch(host, orphan, { metadata: { annotations: { 'kubefed.io/orphan': 'true' } } });
  await host.kubernetes(path, { method: 'DELETE' });
  await host.kubernetes(orphan, { method: 'DELETE' });
  await eventuallyGone(host, path);
  await eventuallyGone(host, orphan);

  for (const member of [east, west]) {
    await eventuallyGone(member, config('ends', 'goes'));
    const { metadata } = await eventuallyHas(member, config('ends', 'stays'));
    assert.equal(metadata.labels?.['kubefed.io/managed'], undefined);
  }
});

test('wrong overrides, and a namespace that is not federated, are told in the status', async () => {
  await federateNamespace('wrong');
  const twice = [{ clusterName: 'east' }, { clusterName: 'east' }];
  const path = await federateConfig('wrong', 'twice', { overrides: twice });
  await eventuallyHas(host, path, (object) =>
    assert.deepEqual(stateOf(object), [
      'False',
      'CheckClusters',
      { east: 'ApplyOverridesFailed', west: 'ApplyOverridesFailed' },
    ]),
  );

  const alone = await federateConfig('default', 'alone', {});
  await eventuallyHas(host, alone, (object) =>
    assert.deepEqual(stateOf(object), ['False', 'NamespaceNotFederated', {}]),
  );

  await eventually(async () => {
    const { json } = await host.kubernetes('/api/v1/namespaces/wrong/events');
    const reasons = json.items.map(({ reason }: { reason: string }) => reason);
    assert.ok(reasons.includes('ApplyOverridesFailed'), reasons.join());
    assert.ok(reasons.includes('CreateInCluster'), reasons.join());
  });
});

test('a member that is gone holds up no other, and is brought up to date when it is back', async () => {
  await federateNamespace('away');
  const path = await federateConfig('away', 'settings', {});
  const doomed = await federateConfig('away', 'doomed', {});
  await eventuallyHas(west, config('away', 'settings'));
  await eventuallyHas(west, config('away', 'doomed'));

  await clusters.stopMember('west');
  await patch(host, path, { spec: { template: { data: { color: 'yellow' } } } });
  await eventuallyHas(east, config('away', 'settings'), ({ data }) =>
    assert.deepEqual(data, { color: 'yellow' }),
  );

  await host.kubernetes(doomed, { method: 'DELETE' });
  await eventuallyGone(east, config('away', 'doomed'));

  // After three failed looks at its health.
  await eventually(
    async () =>
      assert.deepEqual(stateOf((await host.kubernetes(path)).json), [
        'False',
        'CheckClusters',
        { east: '', west: 'ClusterNotReady' },
      ]),
    90_000,
  );
  assert.equal((await host.kubernetes(doomed)).status, 200);

  await clusters.startMember('west');
  west = memberOf(clusters, 'west');
  await eventually(async () => {
    const { json } = await west.kubernetes(config('away', 'settings'));
    assert.deepEqual(json.data, { color: 'yellow' });
  }, 60_000);
  await eventuallyGone(west, config('away', 'doomed'));
  await eventuallyGone(host, doomed);
  await eventuallyHas(host, path, (object) =>
    assert.deepEqual(stateOf(object), ['True', '', { east: '', west: '' }]),
  );
});

test('a member that hangs holds up no other', async () => {
  await federateNamespace('hangs');
  const path = await federateConfig('hangs', 'settings', {});
  await eventuallyHas(west, config('hangs', 'settings'));
  west.process.kill('SIGSTOP');

  try {
    await patch(host, path, { spec: { template: { data: { color: 'yellow' } } } });
    await eventuallyHas(east, config('hangs', 'settings'), ({ data }) =>
      assert.deepEqual(data, { color: 'yellow' }),
    );

    await eventually(async () => {
      const { status } = (await host.kubernetes(path)).json;
      const inWest = status.clusters.find(({ name }: { name: string }) => name === 'west');
      assert.match(inWest.status ?? '', /^(ClusterNotReady|UpdateTimedOut|UpdateFailed)$/);
    }, 60_000);
  } finally {
    west.process.kill('SIGCONT');
  }

  await eventually(async () => {
    const { json } = await west.kubernetes(config('hangs', 'settings'));
    assert.deepEqual(json.data, { color: 'yellow' });
  }, 60_000);
});

test('a cluster that is left keeps what it has', async () => {
  await federateNamespace('left');
  const path = await federateConfig('left', 'settings', {});
  await eventuallyHas(west, config('left', 'settings'));

  await host.kubernetes('/apis/cluster.kubesphere.io/v1alpha1/clusters/west', { method: 'DELETE' });
  await eventuallyHas(host, path, (object) =>
    assert.deepEqual(stateOf(object), ['True', '', { east: '' }]),
  );
  await eventuallyHas(west, config('left', 'settings'));
});
