// A member that has only Kubernetes: this server answers for it, with its own users and rights.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LiveStream } from '../support/live-stream.ts';
import { PlainKubernetes } from '../support/plain-kubernetes.ts';
import { PATHS, TestPlatform, userSubject } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';

const RESOURCES = '/kapis/clusters/east/resources.kubesphere.io/v1alpha3';
const IAM = '/kapis/clusters/east/iam.kubesphere.io/v1alpha2';
const TENANT = '/kapis/clusters/east/tenant.kubesphere.io/v1alpha2';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

let dir: string;
let host: TestPlatform;
let member: PlainKubernetes;

/** A user of the host with a role in a workspace, and with none. */
let tenant: string;
let outsider: string;

/** A user of the host who is bound to `cluster-admin` in the member alone. */
let owner: string;

const statusOf = async (path: string, token: string) => (await host.call(path, { token })).status;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubernetes-only-'));
  const config = join(dir, 'host.yaml');
  await writeFile(
    config,
    [
      'multicluster: { enable: true }',
      'monitoring: { embedded: { interval: 5s } }',
      'auditing: { level: Metadata, omitReads: false }',
      '',
    ].join('\n'),
  );

  [host, member] = await Promise.all([
    TestPlatform.start({ args: ['--config', config] }),
    PlainKubernetes.start(),
  ]);

  await host.write(PATHS.clusters, {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'east' },
    spec: {
      joinFederation: true,
      enable: true,
      connection: { type: 'direct', kubeconfig: member.kubeconfig },
    },
  });

  await host.createWorkspace('shop');
  tenant = await host.createUser('tess');
  outsider = await host.createUser('otto');
  owner = await host.createUser('olga');

  await host.addMember('workspaces/shop', 'tess', 'shop-admin');

  for (const [name, workspace] of [
    ['shop-east', 'shop'],
    ['other-east', ''],
  ] as const) {
    await member.call('/api/v1/namespaces', {
      method: 'POST',
      body: {
        metadata: { name, ...(workspace && { labels: { 'kubesphere.io/workspace': workspace } }) },
      },
    });
  }

  await member.call(`${RBAC}/clusterrolebindings`, {
    method: 'POST',
    body: {
      metadata: { name: 'olga-owns' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: userSubject('olga'),
    },
  });

  await eventually(async () => {
    const { json } = await host.call(`${PATHS.clusters}/east`);
    const found = json.status?.conditions?.find(
      ({ type }: { type: string }) => type === 'KubeSphereInstalled',
    );
    assert.equal(found?.status, 'False');
    assert.equal(json.status.configz.authentication, true);
    assert.equal(json.status.configz.devops, false);
  });
});

after(async () => {
  await host?.stop();
  await member?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('the administrator of the host reads and writes in the member', async () => {
  const created = await host.call('/api/clusters/east/v1/namespaces/default/configmaps', {
    body: { metadata: { name: 'made-here', labels: { made: 'here' } }, data: { a: '1' } },
  });
  assert.equal(created.status, 201, created.text);

  const there = await member.call('/api/v1/namespaces/default/configmaps/made-here');
  assert.equal(there.status, 200);
  assert.equal(
    (await host.server.kubernetes('/api/v1/namespaces/default/configmaps/made-here')).status,
    404,
  );

  await eventually(async () => {
    const { json } = await host.call(`${RESOURCES}/namespaces/default/configmaps?name=made-`);
    assert.deepEqual(
      json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ['made-here'],
    );
  });

  const version = await host.call('/kapis/clusters/east/version');
  assert.equal(version.status, 200);
});

test('workspaces of the host own namespaces of the member', async () => {
  await eventually(async () => {
    const { json } = await host.call(`${TENANT}/workspaces/shop/namespaces`, { token: tenant });
    assert.deepEqual(
      json.items?.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ['shop-east'],
    );
  });

  const others = await host.call(`${TENANT}/workspaces/shop/namespaces`, { token: outsider });
  assert.deepEqual(others.json.items, []);

  const made = await host.call(`${TENANT}/workspaces/shop/namespaces`, {
    token: tenant,
    body: { metadata: { name: 'shop-new', labels: { 'kubesphere.io/workspace': 'shop' } } },
  });
  assert.equal(made.status, 200, made.text);
  const { json } = await member.call('/api/v1/namespaces/shop-new');
  assert.equal(json.metadata.labels['kubesphere.io/workspace'], 'shop');
  assert.equal((await host.server.kubernetes('/api/v1/namespaces/shop-new')).status, 404);
});

test('projects of the member have the roles of projects, and their creator is admin', async () => {
  await eventually(async () => {
    const { json } = await host.call(
      `${IAM}/namespaces/shop-new/roles?annotation=kubesphere.io/creator`,
    );
    const names = json.items?.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    assert.ok(names?.includes('admin') && names.includes('viewer'), JSON.stringify(names));

    const binding = await member.call(`${RBAC}/namespaces/shop-new/rolebindings/tess-admin`);
    assert.equal(binding.json.roleRef?.name, 'admin');
  });

  const { json } = await member.call('/api/v1/namespaces/shop-new');
  assert.equal(json.metadata.finalizers, undefined);
  assert.equal(json.metadata.ownerReferences, undefined);

  // Namespaces that belong to no workspace are left as they are.
  const roles = await member.call(`${RBAC}/namespaces/other-east/roles`);
  assert.deepEqual(roles.json.items, []);
});

test('who has no role sees nothing of the member', async () => {
  for (const path of [
    `${RESOURCES}/pods`,
    `${RESOURCES}/namespaces/default/configmaps`,
    '/api/clusters/east/v1/pods',
    '/api/clusters/east/v1/namespaces/default/secrets',
    '/apis/clusters/east/apps/v1/deployments',
    `${IAM}/clustermembers`,
    '/kapis/clusters/east/monitoring.kubesphere.io/v1alpha3/nodes',
  ]) {
    assert.equal(await statusOf(path, outsider), 403, path);
    assert.equal((await host.server.call(path)).status, 403, path);
    assert.equal((await host.server.call(path, { token: 'nonsense' })).status, 401, path);
  }
});

test('a role in a namespace of the member counts there, and nowhere else', async () => {
  await member.call(`${RBAC}/namespaces/other-east/rolebindings`, {
    method: 'POST',
    body: {
      metadata: { name: 'otto-views' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: userSubject('otto'),
    },
  });

  await eventually(async () =>
    assert.equal(
      await statusOf('/api/clusters/east/v1/namespaces/other-east/configmaps', outsider),
      200,
    ),
  );

  assert.equal(
    await statusOf('/api/clusters/east/v1/namespaces/default/configmaps', outsider),
    403,
  );
  assert.equal(await statusOf('/api/v1/namespaces/other-east/configmaps', outsider), 403);

  const list = `${RESOURCES}/configmaps?scope=visible`;
  const visible = await host.call(list, { token: outsider });
  assert.equal(visible.status, 200, visible.text);
  assert.ok(
    visible.json.items.every(
      ({ metadata }: { metadata: { namespace: string } }) => metadata.namespace === 'other-east',
    ),
  );
});

test('all rights in the member give none over what the host keeps', async () => {
  await eventually(async () =>
    assert.equal(await statusOf('/api/clusters/east/v1/secrets', owner), 200),
  );

  const binding = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRoleBinding',
    metadata: { name: 'olga-rises' },
    roleRef: { apiGroup: 'iam.kubesphere.io/v1alpha2', kind: 'GlobalRole', name: 'platform-admin' },
    subjects: userSubject('olga'),
  };

  const user = { metadata: { name: 'made-by-olga' }, spec: { password: 'Passw0rd!' } };
  const tries: [path: string, body?: unknown][] = [
    ['/kapis/iam.kubesphere.io/v1alpha2/users', user],
    ['/kapis/iam.kubesphere.io/v1alpha2/users'],
    ['/kapis/iam.kubesphere.io/v1alpha2/users/admin'],
    ['/kapis/iam.kubesphere.io/v1alpha2/globalroles'],
    ['/kapis/iam.kubesphere.io/v1alpha2/workspaces/shop/workspaceroles'],
    ['/kapis/resources.kubesphere.io/v1alpha3/users'],
    ['/kapis/resources.kubesphere.io/v1alpha3/users.iam.kubesphere.io'],
    ['/kapis/resources.kubesphere.io/v1alpha3/users/admin'],
    ['/kapis/resources.kubesphere.io/v1alpha3/namespaces/default/users'],
    ['/kapis/resources.kubesphere.io/v1alpha3/workspacetemplates'],
    ['/kapis/resources.kubesphere.io/v1alpha3/globalrolebindings'],
    ['/apis/iam.kubesphere.io/v1alpha2/users'],
    ['/apis/iam.kubesphere.io/v1alpha2/globalrolebindings', binding],
    ['/apis/tenant.kubesphere.io/v1alpha2/workspacetemplates'],
  ];

  const answers: [path: string, asHost: number, asMember: number][] = [];

  for (const [path, body] of tries) {
    const call = { token: owner, ...(body ? { body } : {}) };
    const asHost = await host.call(path, call);
    const asMember = await host.call(path.replace(/^\/(k?apis)/, '/$1/clusters/east'), call);
    answers.push([path, asHost.status, asMember.status]);
  }

  assert.deepEqual(
    answers.filter(([, asHost, asMember]) => asHost !== asMember),
    [],
  );
  assert.ok(answers.filter(([, asHost]) => asHost === 403).length >= 8, JSON.stringify(answers));

  for (const path of ['/api/v1/secrets', PATHS.clusters, '/api/v1/namespaces/default/secrets']) {
    assert.equal(await statusOf(path, owner), 403, path);
  }

  const search = await host.call(`${RESOURCES}/search?q=admin`, { token: owner });
  assert.doesNotMatch(search.text, /"kind":"User"/);
});

test('a tenant gets no further rights in the member', async () => {
  const roleRef = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'cluster-admin',
  };
  const binding = { metadata: { name: 'tess-rises' }, roleRef, subjects: userSubject('tess') };
  const merge = { 'content-type': 'application/merge-patch+json' };
  const label = (workspace: string) => ({
    metadata: { labels: { 'kubesphere.io/workspace': workspace } },
  });

  await host.createWorkspace('rivals');
  await member.call('/api/v1/namespaces', {
    method: 'POST',
    body: { metadata: { name: 'rivals-east', ...label('rivals').metadata } },
  });

  const rbac = '/apis/clusters/east/rbac.authorization.k8s.io/v1';
  const core = '/api/clusters/east/v1';
  const tries: [method: string, path: string, body?: unknown][] = [
    ['POST', `${rbac}/clusterrolebindings`, binding],
    ['POST', `${rbac}/namespaces/rivals-east/rolebindings`, binding],
    ['POST', `${rbac}/namespaces/kube-system/rolebindings`, binding],
    ['PATCH', `${core}/namespaces/rivals-east`, label('shop')],
    ['PATCH', `${core}/namespaces/other-east`, label('shop')],
    ['PATCH', `${core}/namespaces/shop-east`, label('rivals')],
    ['POST', `${core}/namespaces`, { metadata: { name: 'taken', ...label('rivals').metadata } }],
    ['POST', `${core}/namespaces/kube-system/secrets`, { metadata: { name: 'x' } }],
    ['GET', `${core}/namespaces/rivals-east/secrets`],
    ['GET', `${core}/secrets`],
    ['GET', `${RESOURCES}/namespaces/rivals-east/secrets`],
    ['POST', `${IAM}/clustermembers`, [{ username: 'tess', roleRef: 'cluster-admin' }]],
    ['POST', `${IAM}/namespaces/rivals-east/members`, [{ username: 'tess', roleRef: 'admin' }]],
    ['POST', `${TENANT}/workspaces/rivals/namespaces`, { metadata: { name: 'taken' } }],
  ];

  const allowed: string[] = [];

  for (const [method, path, body] of tries) {
    const { status, text } = await host.call(path, {
      method,
      token: tenant,
      ...(method === 'PATCH' && { headers: merge }),
      ...(body ? { body } : {}),
    });
    if (status !== 403) {
      allowed.push(`${method} ${path}: ${status} ${text.slice(0, 200)}`);
    }
  }

  assert.deepEqual(allowed, []);
});

test('users and workspaces are those of the host, also by the path of the member', async () => {
  const { json } = await host.call(`${IAM}/users?name=tess`);
  assert.equal(json.totalItems, 1);

  const found = await host.call(`${TENANT}/workspaces/shop`);
  assert.equal(found.json.metadata.name, 'shop');
});

test('a member of a namespace gets a role of the member from its administrator', async () => {
  const members = `${IAM}/namespaces/shop-east/members`;
  await member.call(`${RBAC}/namespaces/shop-east/roles`, {
    method: 'POST',
    body: {
      metadata: { name: 'readers' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
    },
  });

  const mona = await host.createUser('mona');
  await host.writeEventually(members, [{ username: 'mona', roleRef: 'readers' }]);

  await eventually(async () =>
    assert.equal(
      await statusOf('/api/clusters/east/v1/namespaces/shop-east/configmaps', mona),
      200,
    ),
  );
  assert.equal(await statusOf('/api/clusters/east/v1/namespaces/shop-east/secrets', mona), 403);

  const refused = await host.call(members, {
    token: mona,
    body: [{ username: 'otto', roleRef: 'admin' }],
  });
  assert.equal(refused.status, 403);

  const { items } = (await member.call(`${RBAC}/namespaces/shop-east/rolebindings`)).json;
  assert.ok(
    items.some(({ subjects }: { subjects?: { name: string }[] }) => subjects?.[0]?.name === 'mona'),
  );
});

test('watches, live lists and WebSockets show changes in the member', async () => {
  const live = await LiveStream.open(
    host.server,
    `${RESOURCES}/namespaces/default/configmaps?watch=true&name=live-`,
    host.admin,
  );
  assert.equal(live.status, 200);

  await member.call('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    body: { metadata: { name: 'live-one' } },
  });

  await live.until((events) => events.some(({ object }) => object?.metadata?.name === 'live-one'));
  live.close();

  const watch = '/api/clusters/east/v1/configmaps?watch=true';
  const opened = await callWithUpgrade(host.server.url, watch, { token: host.admin });
  assert.equal(opened.status, 101);
  assert.match(opened.text, /live-one/);
  assert.equal((await callWithUpgrade(host.server.url, watch, { token: outsider })).status, 403);
});

test('audit records of calls and upgrades name the member', async () => {
  const path = '/api/clusters/east/v1/nodes';
  assert.equal(await statusOf(path, host.admin), 200);

  const watch = `${path}?watch=true`;
  const opened = await callWithUpgrade(host.server.url, watch, { token: host.admin });
  assert.equal(opened.status, 101);

  const events = '/kapis/tenant.kubesphere.io/v1alpha2/auditing/events';

  for (const verb of ['list', 'watch']) {
    await eventually(async () => {
      const query = `objectref_type_filter=nodes&verb_filter=${verb}&size=100`;
      const { json, text } = await host.call(`${events}?${query}`);
      const found: { Cluster?: string }[] = json.query.records ?? [];
      assert.ok(
        found.some(({ Cluster }) => Cluster === 'east'),
        text,
      );
    }, 20_000);
  }
});

test('metrics of a member without Prometheus are collected here', async () => {
  const path =
    '/kapis/clusters/east/monitoring.kubesphere.io/v1alpha3/cluster?metrics_filter=cluster_namespace_count$';
  const { items } = (await member.call('/api/v1/namespaces')).json;

  await eventually(async () => {
    const { json } = await host.call(path);
    const value = json.results?.[0]?.data?.result?.[0]?.value?.[1];
    assert.equal(value, String(items.length), JSON.stringify(json));
  }, 30_000);
});

test('nobody acts as somebody else in the member, or reaches it with other credentials', async () => {
  const reviews = '/apis/clusters/east/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const { json } = await host.call(reviews, {
    token: outsider,
    headers: { 'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters' },
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'delete', resource: 'nodes' } },
    },
  });
  assert.equal(json.status?.allowed ?? false, false);
});

test('a watch of the member does not keep the server from stopping', async () => {
  const reader = new AbortController();
  const response = await fetch(`${host.server.url}/api/clusters/east/v1/configmaps?watch=true`, {
    headers: { authorization: `Bearer ${host.admin}` },
    signal: reader.signal,
  });
  assert.equal(response.status, 200);

  const asked = performance.now();
  const ended = response.text();
  host.server.process.kill('SIGTERM');
  await ended;
  assert.ok(performance.now() - asked < 8000);
});
