import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const services = '/api/v1/namespaces/default/services';

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec,
});

const merge = { 'content-type': 'application/merge-patch+json' };

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await check()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  assert.fail(`${what} did not come about`);
}

describe('controllers of the server', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ rootCa: 'PEM' });
  });
  after(() => server.close());

  const isGone = async (path: string) => (await server.call('GET', path)).status === 404;

  test('services get addresses and ports, each only once', async () => {
    const kubernetes = await server.call('GET', `${services}/kubernetes`);
    assert.equal(kubernetes.body.spec.clusterIP, '10.96.0.1');

    const created = await server.call('POST', services, {
      body: service('web', {
        type: 'NodePort',
        ports: [
          { port: 80, name: 'a', nodePort: 30080 },
          { port: 81, name: 'b' },
        ],
      }),
    });

    assert.equal(created.status, 201, created.text);
    assert.match(created.body.spec.clusterIP, /^10\./);
    assert.deepEqual(created.body.spec.clusterIPs, [created.body.spec.clusterIP]);
    assert.ok(created.body.spec.ports[1].nodePort >= 30000);

    const cases: [object, string][] = [
      [
        { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
        'Service "x" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
      ],
      [
        { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
        'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
      ],
      [
        { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
        'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
      ],
    ];

    for (const [spec, message] of cases) {
      const answer = await server.call('POST', services, { body: service('x', spec) });
      assert.equal(answer.body.message, message);
    }

    const plain = await server.call('PATCH', `${services}/web`, {
      headers: merge,
      body: { spec: { type: 'ClusterIP' } },
    });

    assert.equal(plain.body.spec.ports[0].nodePort, undefined, plain.text);
    assert.equal(plain.body.spec.clusterIP, created.body.spec.clusterIP);

    const again = await server.call('POST', services, {
      body: service('again', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
    });
    assert.equal(again.status, 201, again.text);

    const moved = await server.call('PATCH', `${services}/web`, {
      headers: merge,
      body: { spec: { clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77'] } },
    });

    assert.match(
      moved.body.message,
      /spec.clusterIPs\[0\]: Invalid value: .*may not change once set/,
    );
  });

  test('namespaces get their defaults, are emptied and removed', async () => {
    const created = await server.call('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } },
    });
    assert.equal(created.status, 201, created.text);

    const path = '/api/v1/namespaces/team';
    await eventually(
      'the default ServiceAccount',
      async () => !(await isGone(`${path}/serviceaccounts/default`)),
    );

    await eventually(
      'the CA bundle',
      async () => !(await isGone(`${path}/configmaps/kube-root-ca.crt`)),
    );

    const held = { name: 'held', finalizers: ['example.com/hold'] };
    await server.call('POST', `${path}/configmaps`, {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: held },
    });

    const deleted = await server.call('DELETE', path);
    assert.equal(deleted.body.status.phase, 'Terminating', deleted.text);

    const late = await server.call('POST', `${path}/configmaps`, {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } },
    });

    assert.equal(
      late.body.message,
      'configmaps "late" is forbidden: unable to create new content in namespace team because it is being terminated',
    );

    assert.equal(await isGone(path), false);

    const freed = await server.call('PATCH', `${path}/configmaps/held`, {
      headers: merge,
      body: { metadata: { finalizers: null } },
    });

    assert.equal(freed.status, 200, freed.text);
    await eventually('the end of the namespace', () => isGone(path));
  });

  test('dependents are deleted with their owner, or orphaned', async () => {
    const configMaps = '/api/v1/namespaces/default/configmaps';

    const make = async (name: string, owner?: { uid: string; name: string }) =>
      (
        await server.call('POST', configMaps, {
          body: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: {
              name,
              ...(owner && {
                ownerReferences: [
                  { apiVersion: 'v1', kind: 'ConfigMap', ...owner, blockOwnerDeletion: true },
                ],
              }),
            },
          },
        })
      ).body.metadata.uid as string;

    for (const policy of ['Background', 'Foreground', 'Orphan']) {
      const name = policy.toLowerCase();
      const uid = await make(name);

      await make(`${name}-child`, { uid, name });
      await server.call('DELETE', `${configMaps}/${name}`, { body: { propagationPolicy: policy } });
      await eventually(`${policy} of the owner`, () => isGone(`${configMaps}/${name}`));

      if (policy === 'Orphan') {
        const child = await server.call('GET', `${configMaps}/${name}-child`);
        assert.equal(child.body.metadata.ownerReferences, undefined);
      } else {
        await eventually(`${policy} of the dependent`, () => isGone(`${configMaps}/${name}-child`));
      }
    }

    await make('stray', { uid: '00000000-0000-0000-0000-000000000000', name: 'nobody' });
    await eventually('the end of a stray dependent', () => isGone(`${configMaps}/stray`));
  });

  test('pods that are bound end gracefully, others at once', async () => {
    const pods = '/api/v1/namespaces/default/pods';

    const pod = (name: string, spec: object = {}) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
    });

    await server.call('POST', pods, { body: pod('free') });

    const free = await server.call('DELETE', `${pods}/free`);
    assert.equal(free.body.kind, 'Pod', free.text);
    assert.ok(await isGone(`${pods}/free`));
    await server.call('POST', pods, { body: pod('bound', { terminationGracePeriodSeconds: 7 }) });

    const target = { apiVersion: 'v1', kind: 'Node', name: 'n1' };
    const binding = await server.call('POST', `${pods}/bound/binding`, {
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'bound' }, target },
    });

    assert.equal(binding.status, 201, binding.text);

    const bound = await server.call('DELETE', `${pods}/bound`);
    assert.equal(bound.body.metadata.deletionGracePeriodSeconds, 7, bound.text);

    const log = await server.call('GET', `${pods}/bound/log`);
    assert.equal(log.status, 503);
    await server.call('DELETE', `${pods}/bound?gracePeriodSeconds=0`);
    assert.ok(await isGone(`${pods}/bound`));
  });

  test('deployments are scaled', async () => {
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const labels = { a: 'b' };

    const spec = {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    };

    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec };
    assert.equal((await server.call('POST', deployments, { body })).status, 201);

    const scale = await server.call('GET', `${deployments}/d/scale`);
    assert.deepEqual(
      [scale.body.kind, scale.body.spec, scale.body.status],
      ['Scale', { replicas: 2 }, { replicas: 0, selector: 'a=b' }],
    );

    const patched = await server.call('PATCH', `${deployments}/d/scale`, {
      headers: merge,
      body: { spec: { replicas: 5 } },
    });

    assert.equal(patched.body.spec.replicas, 5, patched.text);

    const read = await server.call('GET', `${deployments}/d`);
    assert.deepEqual([read.body.spec.replicas, read.body.metadata.generation], [5, 2]);
  });
});
