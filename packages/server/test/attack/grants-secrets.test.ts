import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ON_CLUSTER, PATHS, SYSTEM, TestPlatform } from '../support/test-platform.ts';

const { clusters, iamObjects } = PATHS;
const USERS = `${iamObjects}/users`;
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const KUBECONFIG = Buffer.from('apiVersion: v1\nkind: Config\n# marked-kubeconfig\n').toString(
  'base64',
);
const TOKEN = 'marked-token-of-the-member-cluster';
let platform: TestPlatform;

/** Walt manages workspaces, Cleo clusters, Uma users; Carl views the cluster. */
const tokens: Record<string, string> = {};
let hash: string;

before(async () => {
  platform = await TestPlatform.start();
  tokens.admin = platform.admin;
  tokens.walt = await platform.createUser('walt', 'workspaces-manager');
  tokens.cleo = await platform.createUser('cleo', 'role-template-manage-clusters');
  tokens.vera = await platform.createUser('vera', 'role-template-view-clusters');
  tokens.uma = await platform.createUser('uma', 'users-manager');
  tokens.carl = await platform.createUser('carl');
  await platform.addMember('', 'carl', 'cluster-viewer');

  await platform.write(clusters, {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'far' },
    spec: {
      provider: 'kubesphere',
      connection: { type: 'proxy', kubeconfig: KUBECONFIG, token: TOKEN },
    },
  });

  hash = (await platform.server.kubernetes(`${USERS}/carl`)).json.spec.password;
  assert.match(hash, /^\$2/);

  await platform.waitUntilAllowed(
    tokens.walt!,
    'verb=list&apiGroup=cluster.kubesphere.io&resource=clusters&api=kubernetes',
  );

  await platform.waitUntilAllowed(
    tokens.cleo!,
    'verb=patch&apiGroup=cluster.kubesphere.io&resource=clusters&api=kubernetes',
  );

  await platform.waitUntilAllowed(
    tokens.carl!,
    'verb=list&apiGroup=cluster.kubesphere.io&resource=clusters&api=kubernetes',
  );

  await platform.waitUntilAllowed(
    tokens.uma!,
    'verb=patch&apiGroup=iam.kubesphere.io&resource=users&api=kubernetes',
  );
});

after(() => platform.stop());

/** Forms of the credentials of the member cluster. */
const CREDENTIALS = [KUBECONFIG, 'marked-kubeconfig', TOKEN, Buffer.from(TOKEN).toString('base64')];

/** Returns the forms that a text contains. */
const findSecrets = (text: string, secrets: readonly string[]) =>
  secrets.filter((secret) => text.includes(secret));

/** Returns an answer with its headers, as text. */
async function wholeAnswer(
  path: string,
  options: Parameters<TestPlatform['call']>[1],
): Promise<string> {
  const { status, headers, text } = await platform.call(path, options);
  return `${status} ${JSON.stringify([...headers])} ${text}`;
}

test('kubeconfigs and tokens of member clusters are shown only to callers with all rights', async () => {
  const whole = await wholeAnswer(`${clusters}/far`, {});
  assert.deepEqual(
    findSecrets(whole, [KUBECONFIG, TOKEN]),
    [KUBECONFIG, TOKEN],
    'the administrator keeps clusters',
  );

  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const leaks: string[] = [];

  for (const who of ['walt', 'cleo', 'vera', 'carl', 'uma']) {
    for (const [path, headers] of [
      [clusters, {}],
      [`${clusters}/far`, {}],
      [`${clusters}?includeObject=Object`, table],
      [`${clusters}?watch=true&timeoutSeconds=1`, {}],
      ['/apis/cluster.kubesphere.io/v1alpha1/watch/clusters?timeoutSeconds=1', {}],
      [clusters, { accept: 'application/yaml' }],
      [`${PATHS.resources}/clusters`, {}],
      [`${PATHS.resources}/clusters?q=marked`, {}],
      [`${PATHS.tenant}/clusters`, {}],
    ] as const) {
      const found = findSecrets(
        await wholeAnswer(path, { token: tokens[who], headers }),
        CREDENTIALS,
      );
      if (found.length > 0) {
        leaks.push(`${who} ${path}: ${found}`);
      }
    }
  }

  assert.deepEqual(leaks, []);
});

test('answers to writes, and copies, do not show them either', async () => {
  const leaks: string[] = [];
  const paths = ['/spec/connection/kubeconfig', '/spec/connection/token'];

  const places = [
    '/metadata/annotations',
    '/metadata/name',
    '/metadata/labels',
    '/kind',
    '/apiVersion',
    '/spec/provider',
  ];

  for (const query of ['?dryRun=All', '']) {
    const attempt = async (headers: Record<string, string>, body: unknown) => {
      const options = { method: 'PATCH', token: tokens.cleo!, headers, body };
      const found = findSecrets(await wholeAnswer(`${clusters}/far${query}`, options), CREDENTIALS);
      if (found.length > 0) {
        leaks.push(`${JSON.stringify(body)}${query}: ${found}`);
      }
    };

    await attempt(
      { 'content-type': 'application/merge-patch+json' },
      { metadata: { labels: { a: 'b' } } },
    );

    for (const from of paths) {
      for (const place of places) {
        for (const path of place.endsWith('s') ? [place, `${place}/x`] : [place]) {
          for (const op of ['copy', 'move']) {
            await attempt(JSON_PATCH, [{ op, from, path }]);
          }
        }
      }

      await attempt(JSON_PATCH, [{ op: 'test', path: from, value: 'guess' }]);

      // Fields are removed first, so that a copy contains all the others.
      await attempt(JSON_PATCH, [{ op: 'copy', from: '/spec', path: '/metadata/labels' }]);
    }
  }

  for (const who of ['walt', 'cleo', 'carl']) {
    const found = findSecrets(await wholeAnswer(clusters, { token: tokens[who] }), CREDENTIALS);
    if (found.length > 0) {
      leaks.push(`${who} reads afterwards: ${found}`);
    }
  }

  assert.deepEqual(leaks, []);

  const { spec } = await platform.read(`${clusters}/far`);
  assert.deepEqual([spec.connection.kubeconfig, spec.connection.token], [KUBECONFIG, TOKEN]);
});

test("the port of the Kubernetes API does not show them to a user's own kubeconfig", {
  skip: ON_CLUSTER && 'a real cluster redacts nothing',
}, async () => {
  const leaks: string[] = [];
  const client = await platform.kubeconfigOf('carl');
  const rights = await client.call('/api/v1/nodes');

  assert.equal(rights.status, 200, rights.text);

  for (const [path, headers] of [
    [clusters, {}],
    [`${clusters}/far`, {}],
    [`${clusters}?watch=true&timeoutSeconds=1`, {}],
    [
      `${clusters}?includeObject=Object`,
      { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    ],
    [USERS, {}],
    [`${USERS}/carl`, {}],
    [`${USERS}?watch=true&timeoutSeconds=1`, {}],
    ...SYSTEM.flatMap((namespace) => [
      [`/api/v1/namespaces/${namespace}/secrets`, {}] as const,
      [`/api/v1/namespaces/${namespace}/configmaps`, {}] as const,
    ]),
    ['/api/v1/configmaps', {}],
    ['/api/v1/secrets', {}],
  ] as const) {
    const answer = await client.call(path, { headers });

    const found = findSecrets(JSON.stringify(answer.headers) + answer.text, [
      ...CREDENTIALS,
      hash,
      'client-key-data',
    ]);

    if (found.length > 0) {
      leaks.push(`${path}: ${found}`);
    }
  }

  assert.deepEqual(leaks, []);
});

/** Fields into which a hash could be copied so that the answer, success or error, shows it. */
const FIELDS = [
  '/metadata/name',
  '/metadata/generateName',
  '/metadata/namespace',
  '/metadata/uid',
  '/metadata/resourceVersion',
  '/metadata/creationTimestamp',
  '/metadata/deletionTimestamp',
  '/metadata/generation',
  '/metadata/finalizers',
  '/metadata/finalizers/0',
  '/metadata/labels',
  '/metadata/labels/x',
  '/metadata/annotations',
  '/metadata/annotations/x',
  '/metadata/ownerReferences',
  '/metadata/managedFields',
  '/kind',
  '/apiVersion',
  '/status',
  '/status/state',
  '/status/lastTransitionTime',
  '/spec/email',
  '/spec/displayName',
  '/spec/groups',
  '/spec/groups/0',
  '/spec',
  '',
];

test('no JSON patch makes an answer show a password hash, not even to the administrator', async () => {
  const body = hash.slice(29);

  const secrets = [
    hash,
    body,
    encodeURIComponent(hash),
    Buffer.from(hash).toString('base64'),
    Buffer.from(hash).toString('hex'),
  ];

  const leaks: string[] = [];

  const attempt = async (who: string, query: string, ops: object[]) => {
    const options = { method: 'PATCH', token: tokens[who], headers: JSON_PATCH, body: ops };
    const found = findSecrets(await wholeAnswer(`${USERS}/carl${query}`, options), secrets);
    if (found.length > 0) {
      leaks.push(`${who} ${JSON.stringify(ops)}${query}`);
    }
  };

  for (const who of ['uma', 'admin']) {
    for (const query of ['?dryRun=All', '?fieldValidation=Strict', '']) {
      for (const path of FIELDS) {
        for (const op of ['copy', 'move']) {
          await attempt(who, query, [{ op, from: '/spec/password', path }]);
        }
      }

      for (const value of ['guess', { a: 1 }, null]) {
        await attempt(who, query, [{ op: 'test', path: '/spec/password', value }]);
      }

      await attempt(who, query, [{ op: 'test', path: '/spec', value: {} }]);

      await attempt(who, query, [
        { op: 'add', path: '/spec/groups', value: [] },
        { op: 'copy', from: '/spec/password', path: '/spec/groups/-' },
      ]);

      await attempt(who, query, [{ op: 'copy', from: '/spec', path: '/metadata/labels' }]);
      await attempt(who, query, [{ op: 'copy', from: '', path: '/spec/description' }]);
    }
  }

  assert.deepEqual(leaks, []);
  assert.equal((await platform.server.kubernetes(`${USERS}/carl`)).json.spec.password, hash);
});
