import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ON_CLUSTER, PATHS, TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const APPS = '/apis/app.k8s.io/v1beta1/namespaces/shop/applications';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments';
const SERVICES = '/api/v1/namespaces/shop/services';
const LABELS = { 'app.kubernetes.io/name': 'web', 'app.kubernetes.io/version': 'v1' };

let platform: TestPlatform;

before(async () => {
  platform = await TestPlatform.start();
  await platform.createWorkspace('ws');
  await platform.createProject('shop', 'ws');
});

after(() => platform.stop());

const application = (name: string, spec: object = {}) => ({
  apiVersion: 'app.k8s.io/v1beta1',
  kind: 'Application',
  metadata: { name },
  spec: {
    selector: { matchLabels: LABELS },
    componentKinds: [
      { group: '', kind: 'Service' },
      { group: 'apps', kind: 'Deployment' },
      { group: '', kind: 'Secret' },
      { group: 'rbac.authorization.k8s.io', kind: 'RoleBinding' },
    ],
    ...spec,
  },
});

const deployment = (name: string) => ({
  metadata: { name, labels: LABELS },
  spec: {
    selector: { matchLabels: { name } },
    template: { metadata: { labels: { name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
});

const conditionOf = (status: { conditions: { type: string }[] }, type: string) =>
  status.conditions.find((one) => one.type === type) as
    | { status: string; reason: string }
    | undefined;

const statusOf = async (name: string) => (await platform.read(`${APPS}/${name}`)).status;

test('an application reports which of its components are ready, and follows them', async () => {
  await platform.write(SERVICES, {
    metadata: { name: 'web', labels: LABELS },
    spec: { ports: [{ port: 80 }] },
  });

  await platform.write('/api/v1/namespaces/shop/secrets', {
    metadata: { name: 'hidden', labels: LABELS },
  });
  await platform.write(APPS, application('web'));
  await eventually(async () => assert.equal((await statusOf('web'))?.componentsReady, '1/1'));
  await platform.write(DEPLOYMENTS, deployment('web-v1'));

  await eventually(async () => {
    const status = await statusOf('web');
    assert.equal(status.componentsReady, '1/2');

    assert.deepEqual(status.components, [
      { group: '', kind: 'Service', name: 'web', status: 'Ready' },
      { group: 'apps', kind: 'Deployment', name: 'web-v1', status: 'InProgress' },
    ]);

    assert.equal(conditionOf(status, 'Ready')?.status, 'False');
    assert.equal(conditionOf(status, 'Error')?.status, 'False');
  });

  const counts = {
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    observedGeneration: 1,
  };

  const body = { status: counts };
  const merge = { 'content-type': 'application/merge-patch+json' };

  await platform.write(`${DEPLOYMENTS}/web-v1/status`, body, { method: 'PATCH', headers: merge });

  await eventually(async () => {
    const status = await statusOf('web');
    assert.equal(status.componentsReady, '2/2');
    assert.equal(conditionOf(status, 'Ready')?.reason, 'ComponentsReady');
  });

  // Controllers of a cluster keep changing the Deployment.
  if (ON_CLUSTER) {
    return;
  }

  const { metadata, status } = await platform.read(`${APPS}/web`);
  assert.equal(status.observedGeneration, metadata.generation);
  await new Promise((resolve) => setTimeout(resolve, 500));

  assert.equal(
    (await platform.read(`${APPS}/web`)).metadata.resourceVersion,
    metadata.resourceVersion,
  );
});

test('deleting an application that owns its components deletes them, and nothing else', async () => {
  const labels = { 'app.kubernetes.io/name': 'owner' };
  await platform.write(SERVICES, {
    metadata: { name: 'owned', labels },
    spec: { ports: [{ port: 80 }] },
  });

  await platform.write('/api/v1/namespaces/shop/secrets', {
    metadata: { name: 'not-owned', labels },
  });

  await platform.write(
    APPS,
    application('owner', { selector: { matchLabels: labels }, addOwnerRef: true }),
  );

  await eventually(async () => {
    const { metadata } = await platform.read(`${SERVICES}/owned`);
    assert.deepEqual(
      metadata.ownerReferences?.map(({ kind, name, controller }: Record<string, unknown>) => [
        kind,
        name,
        controller,
      ]),
      [['Application', 'owner', false]],
    );
  });

  await platform.call(`${APPS}/owner`, { method: 'DELETE' });

  await eventually(
    async () => assert.equal((await platform.call(`${SERVICES}/owned`)).status, 404),
    75_000,
  );

  assert.equal((await platform.call('/api/v1/namespaces/shop/secrets/not-owned')).status, 200);
});

test('applications delete components only for callers who may delete them, through any API', async () => {
  await platform.write(`${PATHS.rbac}/namespaces/shop/roles`, {
    metadata: { name: 'applications-only' },
    rules: [{ apiGroups: ['app.k8s.io'], resources: ['applications'], verbs: ['*'] }],
  });

  const token = await platform.createUser('apps');

  await platform.addMember('namespaces/shop', 'apps', 'applications-only');

  const mine = application('mine', { selector: { matchLabels: { app: 'other' } } });
  await platform.write(APPS, mine, { token });

  await platform.assertWithstands(async () => {
    await platform.expectRefused(token, 'POST', APPS, {
      ...mine,
      metadata: { name: 'x' },
      spec: { ...mine.spec, addOwnerRef: true },
    });

    const change = { spec: { addOwnerRef: true } };

    const at = {
      path: `${APPS}/mine`,
      apiVersion: 'app.k8s.io/v1beta1',
      kind: 'Application',
      change,
    };

    await platform.expectRefusedAtEveryDoor(token, at);
    await platform.expectRefusedAtOwnPort(await platform.kubeconfigOf('apps'), at);
  });

  const harmless = { spec: { descriptor: { version: '2' } } };
  await platform.write(`${APPS}/mine`, harmless, {
    token,
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
  });
});
