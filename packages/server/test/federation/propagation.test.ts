// What becomes of federated objects in members: placement, overrides, changes by hand, objects that
// were there before, members that are gone for a while, and deletion.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestServer } from '../support/test-server.ts';
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
