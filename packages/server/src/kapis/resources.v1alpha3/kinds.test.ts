import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

/** Kinds without a definition, rights to them, and pages of one snapshot, on the running server. */
const K = '/kapis/resources.kubesphere.io/v1alpha3';
const tokens: Record<string, string> = {};
let server: TestServer;

async function make(path: string, body: object): Promise<void> {
  const { status, text } = await server.call(path, { token: tokens.admin, body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
}

const call = (path: string, user = 'admin') => server.call(`${K}/${path}`, { token: tokens[user] });
const namesOf = (json: { items: { metadata: { name: string } }[] }) =>
  json.items.map(({ metadata }) => metadata.name);

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  tokens.admin = await server.token();
  await make('/api/v1/namespaces', { metadata: { name: 'shop' } });

  // A typical role of KubeSphere's templates: everything of resources.kubesphere.io, and little of
  // Kubernetes.
  await make('/apis/iam.kubesphere.io/v1alpha2/globalroles', {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name: 'viewer' },
    rules: [
      { verbs: ['*'], apiGroups: ['resources.kubesphere.io'], resources: ['*'] },
      { verbs: ['get', 'list'], apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
    ],
  });

  for (const name of ['vera', 'otto']) {
    await make('/kapis/iam.kubesphere.io/v1alpha2/users', {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'viewer' } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });
  }

  for (const name of ['vera', 'otto']) {
    tokens[name] = await server.token(name, 'Passw0rd!');
  }

  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await make('/api/v1/namespaces/shop/configmaps', {
      metadata: { name, labels: { set: 'mine' } },
    });
  }

  await eventually(async () => assert.equal((await call('pods', 'vera')).status, 200));
  await eventually(async () =>
    assert.equal((await call('configmaps?label=set=mine')).json.totalItems, 5),
  );
});

after(() => server.stop());

test('every kind of the cluster is listed and read by its plural name', async () => {
  const { json } = await server.kubernetes('/apis');
  const groups = ['', ...json.groups.map(({ name }: { name: string }) => name)];
  await Promise.all(
    groups.map(async (group) => {
      const version = json.groups.find(({ name }: { name: string }) => name === group)
        ?.preferredVersion.version;
      const { resources } = (
        await server.kubernetes(group === '' ? '/api/v1' : `/apis/${group}/${version}`)
      ).json;

      for (const { name, verbs } of resources as { name: string; verbs: string[] }[]) {
        if (name.includes('/') || !verbs.includes('watch')) {
          continue;
        }

        const answer = await call(group === '' ? `${name}?limit=1` : `${name}.${group}?limit=1`);
        assert.equal(answer.status, 200, `${name}.${group}: ${answer.text}`);
      }
    }),
  );

  const account = await call('namespaces/shop/serviceaccounts/default');
  assert.deepEqual([account.status, account.json?.kind], [200, 'ServiceAccount']);

  assert.equal(
    (await call('namespaces/shop/serviceaccounts/nosuch')).text,
    'serviceaccount "nosuch" not found\n',
  );
});

test('kinds that cannot be watched are refused with a reason, unknown ones with 3.0’s message', async () => {
  const refused = await call('tokenreviews');
  assert.equal(refused.status, 400);
  assert.match(refused.text, /offers no list and watch/);

  for (const name of ['nosuch', 'nosuch.example.com', 'pods.', 'secrets.', '.apps', 'pods/x/y']) {
    assert.ok([404, 500].includes((await call(name)).status), name);
  }

  assert.equal((await call('nosuch')).text, 'resource nosuch is not supported\n');
});

test('a right to all of resources.kubesphere.io does not include secrets nor kinds that 3.0 never showed', async () => {
  const status = async (path: string) => (await call(path, 'vera')).status;

  for (const path of [
    'namespaces/shop/configmaps',
    'nodes',
    'poddisruptionbudgets',
    'namespaces/shop/poddisruptionbudgets',
  ]) {
    assert.equal(await status(path), 200, path);
  }

  for (const path of [
    'secrets',
    'namespaces/shop/secrets',
    'namespaces/shop/secrets/x',
    'federatedsecrets',
    'namespaces/shop/federatedsecrets',
    'serviceaccounts',
    'namespaces/shop/serviceaccounts/default',
    'persistentvolumes',
    'namespaces/shop/persistentvolumes',
    'validatingwebhookconfigurations',
    'certificatesigningrequests.certificates.k8s.io',
  ]) {
    assert.equal(await status(path), 403, path);
  }
});

test('no field of a user or cluster shows redacted values', async () => {
  const secret = await server.kubernetes('/apis/iam.kubesphere.io/v1alpha2/users/vera');
  assert.ok(secret.json.spec.password.length > 10);

  const password = encodeURIComponent(secret.json.spec.password);
  assert.deepEqual(namesOf((await call(`users?fieldSelector=spec.password=${password}`)).json), []);
  assert.deepEqual(namesOf((await call(`users?q=${password}`)).json), []);
  assert.deepEqual(namesOf((await call('users?q=VERA@')).json), ['vera']);
});

test('users can be filtered by their roles, as in 3.0', async () => {
  const { json } = await call('users?globalrole=viewer&sortBy=name');
  assert.deepEqual([namesOf(json), json.totalItems], [['vera', 'otto'], 2]);
  assert.equal(json.items[0].metadata.annotations['iam.kubesphere.io/globalrole'], 'viewer');
  assert.ok(!('password' in json.items[0].spec));
  assert.deepEqual(namesOf((await call('users?globalrole=viewer&name=ot')).json), ['otto']);
});

test('pages of a snapshot show the state of the first page, only to its caller', async () => {
  const query = 'namespaces/shop/configmaps?label=set=mine&sortBy=-name';
  const first = await call(`${query}&limit=2&continue=`);

  assert.deepEqual([namesOf(first.json), first.json.totalItems], [['e', 'd'], 5]);
  await server.kubernetes('/api/v1/namespaces/shop/configmaps/c', { method: 'DELETE' });
  await make('/api/v1/namespaces/shop/configmaps', {
    metadata: { name: 'dd', labels: { set: 'mine' } },
  });
  await eventually(async () =>
    assert.deepEqual(namesOf((await call(query)).json), ['e', 'dd', 'd', 'b', 'a']),
  );

  const next = `continue=${first.json.continue}`;
  const second = await call(`${query}&limit=2&${next}`);

  assert.deepEqual([namesOf(second.json), second.json.totalItems], [['c', 'b'], 5]);

  const last = await call(`${query}&limit=9&continue=${second.json.continue}`);
  assert.deepEqual([namesOf(last.json), last.json.continue], [['a'], '']);
  assert.ok(!('continue' in (await call(`${query}&limit=2`)).json));

  const refused: [string, string, number][] = [
    [`${query}&limit=2&${next}`, 'vera', 400],
    [`namespaces/shop/configmaps?sortBy=-name&limit=2&${next}`, 'admin', 400],
    [`configmaps?label=set=mine&sortBy=-name&limit=2&${next}`, 'admin', 400],
    [`${query}&limit=2&continue=nonsense`, 'admin', 400],
    [`${query}&limit=2&page=2&${next}`, 'admin', 400],
    [
      `${query}&limit=2&continue=${Buffer.from(`${'A'.repeat(22)}.2`).toString('base64url')}`,
      'admin',
      410,
    ],
  ];

  for (const [path, user, status] of refused) {
    assert.equal((await call(path, user)).status, status, path);
  }
});

test('lists of IAM and tenants take the new parameters, but have no snapshots', async () => {
  const list = (path: string) => server.call(`/kapis/${path}`, { token: tokens.admin });
  const users = await list('iam.kubesphere.io/v1alpha2/users?fieldSelector=metadata.name=vera');

  assert.deepEqual(namesOf(users.json), ['vera']);

  assert.deepEqual(
    namesOf((await list('iam.kubesphere.io/v1alpha2/users?name!=o&sortBy=-name')).json),
    ['vera', 'admin'],
  );

  for (const path of [
    'iam.kubesphere.io/v1alpha2/users?continue=&limit=1',
    'iam.kubesphere.io/v1alpha2/users?limit=x',
    'tenant.kubesphere.io/v1alpha2/workspaces?labelSelector==',
    'tenant.kubesphere.io/v1alpha2/workspaces?continue=&limit=1',
  ]) {
    assert.equal((await list(path)).status, 400, path);
  }
});

test('a rule for one name allows a list by that name’s field selector, and no other', async () => {
  await make('/apis/iam.kubesphere.io/v1alpha2/globalroles', {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name: 'one-name' },
    rules: [
      {
        verbs: ['list'],
        apiGroups: ['resources.kubesphere.io'],
        resources: ['configmaps'],
        resourceNames: ['a'],
      },
    ],
  });

  // The server learns of the role by its watch.
  await eventually(() =>
    make('/kapis/iam.kubesphere.io/v1alpha2/users', {
      metadata: { name: 'nina', annotations: { 'iam.kubesphere.io/globalrole': 'one-name' } },
      spec: { email: 'nina@example.com', password: 'Passw0rd!' },
    }),
  );

  tokens.nina = await server.token('nina', 'Passw0rd!');

  const pinned = 'configmaps?fieldSelector=metadata.name=a';
  await eventually(async () => assert.deepEqual(namesOf((await call(pinned, 'nina')).json), ['a']));

  for (const path of [
    'configmaps',
    `${pinned}&fieldSelector=metadata.name=b`,
    `${pinned}||metadata.name=b`,
    'configmaps?fieldSelector=metadata.name!=b',
  ]) {
    assert.notEqual((await call(path, 'nina')).status, 200, path);
  }

  const older = await server.call(`/kapis/resources.kubesphere.io/v1alpha2/${pinned}`, {
    token: tokens.nina,
  });
  assert.equal(older.status, 400);
});

test('every query gets a list or an error with the reason', async () => {
  const pieces = [
    'limit',
    'page',
    'sortBy',
    'labelSelector',
    'fieldSelector',
    'q',
    'name!',
    'status|',
    'continue',
    'ascending',
  ];

  const values = [
    '',
    '-',
    '||',
    'a=b||',
    '=',
    '\\',
    '[',
    "metadata.labels['",
    '%00',
    '%F0%9F%98%80',
    '9'.repeat(30),
    '../..',
    '<b>',
    'a,'.repeat(200),
  ];

  for (const piece of pieces) {
    for (const value of values) {
      const answer = await call(`namespaces/shop/configmaps?${piece}=${value}`);
      assert.ok(
        [200, 400].includes(answer.status),
        `${piece}=${value}: ${answer.status} ${answer.text}`,
      );

      if (answer.status === 400) {
        assert.match(answer.headers.get('content-type') ?? '', /text\/plain/);
      }
    }
  }
});
