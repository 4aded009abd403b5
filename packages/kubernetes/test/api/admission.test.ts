import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const core = (namespace: string) => `/api/v1/namespaces/${namespace}`;

const pod = (name: string, resources?: object, more: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'x', ...(resources && { resources }) }], ...more },
});

describe('admission', () => {
  let server: TestServer;
  const post = (path: string, body: object) => server.call('POST', path, { body });
  const namespace = async (name: string) =>
    assert.equal((await post('/api/v1/namespaces', { metadata: { name } })).status, 201);

  const assertShows = async (path: string, used: Record<string, string>) => {
    for (let i = 0; ; i++) {
      const { body } = await server.call('GET', path);

      try {
        assert.deepEqual(body.status.used, used);
        return;
      } catch (error) {
        if (i === 100) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };

  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  test('a pod in a new namespace waits for its ServiceAccount, whose token is mounted', async () => {
    await namespace('fresh');

    const created = await post(`${core('fresh')}/pods`, pod('a'));
    assert.equal(created.status, 201, created.text);
    assert.equal(created.body.spec.serviceAccountName, 'default');
    assert.equal(created.body.spec.volumes, undefined, 'the default account mounts none');
    await post(`${core('fresh')}/serviceaccounts`, { metadata: { name: 'robot' } });

    const { body } = await post(
      `${core('fresh')}/pods`,
      pod('r', undefined, { serviceAccountName: 'robot' }),
    );

    assert.match(body.spec.volumes[0].name, /^kube-api-access-[a-z0-9]{5}$/);
    assert.equal(body.spec.containers[0].volumeMounts[0].name, body.spec.volumes[0].name);

    const refused = await post(
      `${core('fresh')}/pods`,
      pod('b', undefined, { serviceAccountName: 'nobody' }),
    );

    assert.equal(refused.status, 403);

    assert.equal(
      refused.body.message,
      'pods "b" is forbidden: error looking up service account fresh/nobody: serviceaccount "nobody" not found',
    );
  });

  test('a LimitRange sets the default amounts of containers and enforces its bounds', async () => {
    await namespace('limited');

    const limits = [
      {
        type: 'Container',
        default: { cpu: '500m' },
        defaultRequest: { cpu: '100m' },
        max: { cpu: '1' },
      },
    ];

    await post(`${core('limited')}/limitranges`, { metadata: { name: 'l' }, spec: { limits } });

    const created = await post(`${core('limited')}/pods`, pod('a'));
    assert.deepEqual(created.body.spec.containers[0].resources, {
      requests: { cpu: '100m' },
      limits: { cpu: '500m' },
    });

    assert.equal(created.body.status.qosClass, 'Burstable');

    assert.equal(
      created.body.metadata.annotations['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    );

    const refused = await post(`${core('limited')}/pods`, pod('b', { limits: { cpu: '2' } }));
    assert.equal(
      refused.body.message,
      'pods "b" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    );
  });

  test('of many simultaneous creations exactly as many pass as a quota allows', async () => {
    await namespace('counted');

    const quota = `${core('counted')}/resourcequotas/q`;
    const spec = { hard: { 'count/configmaps': '12' } };

    await post(`${core('counted')}/resourcequotas`, { metadata: { name: 'q' }, spec });
    await server.call('GET', quota);

    const before = Number(
      (await server.call('GET', `${core('counted')}/configmaps`)).body.items.length,
    );

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        post(`${core('counted')}/configmaps`, { metadata: { name: `m${i}` } }),
      ),
    );

    assert.equal(answers.filter(({ status }) => status === 201).length, 12 - before);

    const refused = answers.find(({ status }) => status === 403)!;
    assert.match(
      refused.body.message,
      /^configmaps "m\d+" is forbidden: exceeded quota: q, requested: count\/configmaps=1, used: count\/configmaps=12, limited: count\/configmaps=12$/,
    );

    // The quota includes a creation before its answer is sent.
    assert.equal((await server.call('GET', quota)).body.status.used['count/configmaps'], '12');

    const gone = answers.find(({ status }) => status === 201)!.body.metadata.name;
    await server.call('DELETE', `${core('counted')}/configmaps/${gone}`);
    await assertShows(quota, { 'count/configmaps': '11' });

    assert.equal(
      (await post(`${core('counted')}/configmaps?dryRun=All`, { metadata: { name: 'dry' } }))
        .status,
      201,
    );

    await assertShows(quota, { 'count/configmaps': '11' });
  });

  test('a refused write returns the quota that was reserved for it', async () => {
    await namespace('returned');

    const quota = `${core('returned')}/resourcequotas/q`;

    await post(`${core('returned')}/resourcequotas`, {
      metadata: { name: 'q' },
      spec: { hard: { secrets: '1' } },
    });

    assert.equal(
      (await post(`${core('returned')}/secrets`, { metadata: { name: 'a' } })).status,
      201,
    );

    // The quota is checked before the name, as on a real server.
    assert.equal(
      (await post(`${core('returned')}/secrets`, { metadata: { name: 'a' } })).status,
      403,
    );

    await server.call('PATCH', quota, {
      body: { spec: { hard: { secrets: '2' } } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });

    assert.equal(
      (await post(`${core('returned')}/secrets`, { metadata: { name: 'a' } })).status,
      409,
    );

    await assertShows(quota, { secrets: '1' });
  });

  test('required limits, and pods that have ended', async () => {
    await namespace('compute');

    const hard = { 'requests.cpu': '1', pods: '1' };
    await post(`${core('compute')}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard } });

    const silent = await post(`${core('compute')}/pods`, pod('a'));
    assert.equal(
      silent.body.message,
      'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: c',
    );

    const stated = { requests: { cpu: '600m' } };
    assert.equal((await post(`${core('compute')}/pods`, pod('a', stated))).status, 201);
    assert.equal((await post(`${core('compute')}/pods`, pod('b', stated))).status, 403);

    await server.call('PATCH', `${core('compute')}/pods/a/status`, {
      body: { status: { phase: 'Succeeded' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });

    await assertShows(`${core('compute')}/resourcequotas/q`, { 'requests.cpu': '0', pods: '0' });
    assert.equal((await post(`${core('compute')}/pods`, pod('b', stated))).status, 201);
  });

  test('claims are protected while a pod on a node uses them', async () => {
    await namespace('volumes');

    const claims = `${core('volumes')}/persistentvolumeclaims`;
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const claim = await post(claims, { metadata: { name: 'c' }, spec });

    assert.deepEqual(claim.body.metadata.finalizers, ['kubernetes.io/pvc-protection']);

    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }];
    await post(`${core('volumes')}/pods`, pod('p', undefined, { volumes, nodeName: 'n' }));
    await server.call('DELETE', `${claims}/c`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await server.call('GET', `${claims}/c`)).status, 200);
    await server.call('DELETE', `${core('volumes')}/pods/p?gracePeriodSeconds=0`);

    for (let i = 0; i < 100 && (await server.call('GET', `${claims}/c`)).status === 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    assert.equal((await server.call('GET', `${claims}/c`)).status, 404);
  });

  test('priority classes', async () => {
    const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
    await post(classes, { metadata: { name: 'high' }, value: 7 });

    const created = await post(
      `${core('default')}/pods`,
      pod('high', undefined, { priorityClassName: 'high' }),
    );

    assert.equal(created.body.spec.priority, 7);

    const unknown = await post(
      `${core('default')}/pods`,
      pod('x', undefined, { priorityClassName: 'x' }),
    );

    assert.equal(
      unknown.body.message,
      'pods "x" is forbidden: no PriorityClass with name x was found',
    );
  });
});
