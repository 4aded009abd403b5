import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { FakeCluster, json } from '@ks-apiserver/search/test/fake-cluster';
import { eventually, TestServer } from '../support/test-server.ts';

const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const GROUP = 'iam.kubesphere.io/v1alpha2';
let server: TestServer;
let cluster: FakeCluster;
let dir: string;
const tokens = new Map<string, string>();

async function post(path: string, body: unknown): Promise<void> {
  const { status, text } = await server.call(path, { token: tokens.get('admin'), body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
}

/**
 * Two workspaces with a namespace each, a namespace without one, and their members: `shop-viewer`
 * sees a workspace, `dev` works in a namespace, `guest` in a namespace without a workspace, `nobody`
 * has no role.
 */
before(async () => {
  cluster = await FakeCluster.start();
  dir = await mkdtemp(join(tmpdir(), 'search-access-'));

  const sections = Object.fromEntries(
    ['logging', 'events', 'auditing'].map((name) => [
      name,
      { host: cluster.url, version: '7', indexPrefix: name },
    ]),
  );
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, JSON.stringify(sections));
  server = await TestServer.start({ args: ['--config', config] });
  tokens.set('admin', await server.token());

  for (const name of ['shop-viewer', 'dev', 'guest', 'nobody']) {
    await post(`/kapis/${GROUP}/users`, {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });
  }

  for (const [name, workspace] of [
    ['shop-a', 'shop'],
    ['shop-b', 'shop'],
    ['bank-a', 'bank'],
    ['stray', ''],
  ] as const) {
    if (workspace && !name.endsWith('b')) {
      await post(`${T}/workspaces`, {
        metadata: { name: workspace },
        spec: { template: { spec: { manager: 'admin' } } },
      });
    }

    await post('/api/v1/namespaces', {
      metadata: {
        name,
        labels: workspace ? { 'kubesphere.io/workspace': workspace } : {},
        annotations: { 'kubesphere.io/creator': 'admin' },
      },
    });
  }

  await eventually(() =>
    post(`/kapis/${GROUP}/workspaces/shop/workspacemembers`, [
      { username: 'shop-viewer', roleRef: 'shop-viewer' },
    ]),
  );
  await eventually(() =>
    post(`/kapis/${GROUP}/namespaces/shop-a/members`, [{ username: 'dev', roleRef: 'viewer' }]),
  );
  await post('/apis/rbac.authorization.k8s.io/v1/namespaces/stray/rolebindings', {
    metadata: { name: 'guest' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'guest' }],
  });

  for (const name of ['shop-viewer', 'dev', 'guest', 'nobody']) {
    tokens.set(name, await server.token(name, 'Passw0rd!'));
  }

  await eventually(async () =>
    assert.deepEqual((await asked('dev', '/events'))?.names, ['shop-a']),
  );
});

beforeEach(() => {
  cluster.take();
  cluster.answer = json({ hits: { total: { value: 0 }, hits: [] } });
});

after(async () => {
  await server.stop();
  await cluster.stop();
  await rm(dir, { recursive: true });
});

interface Clause {
  bool?: { filter?: Clause[]; should?: Clause[]; must_not?: Clause[] };
  match_phrase?: Record<string, string>;
  range?: Record<string, { gte: string }>;
}

/** Returns the names of which a search asks documents, with `since` where it does from a time on. */
function scopesOf(clause: Clause | undefined) {
  const names: string[] = [];
  let dated = 0;

  for (const { bool } of clause?.bool?.should ?? []) {
    const [equals, since] = bool?.filter ?? [];
    names.push(Object.values(equals?.match_phrase ?? {})[0] ?? 'outside');
    dated += since === undefined ? 0 : 1;
  }

  return { names: names.sort(), dated };
}

/** Makes a search; returns the scopes that were asked for, undefined if nothing was asked. */
async function asked(caller: string, path: string) {
  cluster.take();
  const { status, text } = await server.call(T + path, { token: tokens.get(caller) });
  assert.equal(status, 200, text);

  const [request] = cluster.take();
  const body = request?.body as { query: Clause } | undefined;

  return body && scopesOf(body.query.bool?.filter?.[0]);
}

const SHOP = { names: ['shop-a', 'shop-b'], dated: 2 };

test('a member searches what belongs to the namespaces where they may read it', async () => {
  for (const path of ['/logs', '/events']) {
    assert.deepEqual(await asked('shop-viewer', path), SHOP, path);
    assert.deepEqual(await asked('dev', path), { names: ['shop-a'], dated: 1 }, path);
    assert.deepEqual(await asked('guest', path), { names: ['stray'], dated: 1 }, path);
    assert.equal(await asked('nobody', path), undefined, path);
  }
});

test('audit records are also those of workspaces', async () => {
  const path = '/auditing/events';

  assert.deepEqual(await asked('shop-viewer', path), { names: ['shop', ...SHOP.names], dated: 3 });
  assert.deepEqual(await asked('dev', path), { names: ['shop-a'], dated: 1 });
  assert.equal(await asked('nobody', path), undefined);
});

test('parameters narrow what a member may read, and never widen it', async () => {
  const narrowed = async (parameters: string) => asked('shop-viewer', `/logs?${parameters}`);

  assert.deepEqual(await narrowed('namespaces=shop-b,bank-a,stray,kube-system'), {
    names: ['shop-b'],
    dated: 1,
  });
  assert.equal(await narrowed('namespaces=bank-a'), undefined);
  assert.equal(await narrowed('namespaces=shop-a&namespace_query=b'), undefined);
  assert.deepEqual(await narrowed('namespace_query=,shop'), SHOP);
  assert.equal(await asked('shop-viewer', '/events?workspace_filter=bank'), undefined);
  assert.deepEqual(
    await asked('shop-viewer', '/auditing/events?objectref_namespace_filter=bank-a'),
    { names: ['shop'], dated: 1 },
  );
});

test('whoever may read all logs searches without restriction, in namespaces without a time', async () => {
  assert.deepEqual(await asked('admin', '/logs'), { names: [], dated: 0 });
  assert.deepEqual(await asked('admin', '/logs?namespaces=stray,gone'), {
    names: ['stray'],
    dated: 0,
  });

  const events = await asked('admin', '/events');
  assert.ok(events?.names.includes('outside') && events.names.includes('stray'));
  assert.deepEqual(await asked('admin', '/events?workspace_search=ban'), {
    names: ['bank-a'],
    dated: 1,
  });
  assert.ok((await asked('admin', '/auditing/events'))?.names.includes(''));
});

test('answers have the shapes of 3.0, also when nothing may be read', async () => {
  const answer = async (path: string, caller = 'nobody') =>
    (await server.call(T + path, { token: tokens.get(caller) })).json;

  assert.deepEqual(await answer('/logs'), { query: { total: 0 } });
  assert.deepEqual(await answer('/logs?operation=statistics'), {
    statistics: { containers: 0, logs: 0 },
  });
  assert.deepEqual(await answer('/logs?operation=histogram'), {
    histogram: { total: 0, histograms: null },
  });

  for (const path of ['/events', '/auditing/events']) {
    assert.deepEqual(await answer(path), { query: { total: 0, records: null } });
    assert.deepEqual(await answer(`${path}?operation=statistics`), {
      statistics: { resources: 0, events: 0 },
    });
    assert.deepEqual(await answer(`${path}?operation=histogram`), {
      histogram: { total: 0, buckets: null },
    });
  }

  const _source = { log: 'x\n', time: 't', kubernetes: { pod_name: 'p', container_name: '' } };
  cluster.answer = json({ hits: { total: { value: 7 }, hits: [{ _source }] } });
  assert.deepEqual(await answer('/logs', 'admin'), {
    query: { total: 7, records: [{ log: 'x\n', time: 't', pod: 'p' }] },
  });
  assert.deepEqual(await answer('/events', 'admin'), { query: { total: 7, records: [_source] } });
});

test('an export is a file without codes of colours, and says at its end what failed', async () => {
  const page = {
    hits: { total: { value: 2 }, hits: [{ _source: { log: '\u001b[31ma\u001b[0m<\n' } }] },
  };
  const error = { error: { type: 'gone', reason: '<no context>' } };
  cluster.answer = (received, response) =>
    (received.url.includes('scroll_id') ? json(error, 500) : json({ ...page, _scroll_id: 'x' }))(
      received,
      response,
    );

  const { headers, text } = await server.call(`${T}/logs?operation=export`, {
    token: tokens.get('admin'),
  });

  assert.equal(headers.get('content-type'), 'text/plain');
  assert.equal(headers.get('content-disposition'), 'attachment');
  assert.equal(text, 'a<\ntype: gone, reason: &lt;no context&gt;\n');
});

test('a client that leaves ends the search at the cluster', async () => {
  const ended = new Promise((resolve) => {
    cluster.answer = (_, response) => response.on('close', resolve);
  });

  const call = fetch(`${server.url}${T}/logs`, {
    headers: { authorization: `Bearer ${tokens.get('admin')}` },
    signal: AbortSignal.timeout(300),
  });

  await assert.rejects(call);
  await ended;
});
