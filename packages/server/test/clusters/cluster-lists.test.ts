// Lists of several clusters without a server: members are Kubernetes APIs in this process, and some
// of them lie, never end, or stop answering.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type {
  KubeRequest,
  KubeResponse,
  KubeTransport,
} from '@ks-apiserver/apimachinery/transport/transport';
import { CacheBudget } from '@ks-apiserver/client/informer/informer-store';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { openAuthorizer } from '@ks-apiserver/server/compose/access';
import { parseConfig } from '@ks-apiserver/server/config/config';
import { install } from '@ks-apiserver/server/install/install';
import { Visibility } from '@ks-apiserver/server/models/authorization/visible-namespaces';
import { clusterListBody } from '@ks-apiserver/server/models/clusters/lists/cluster-body';
import { ClusterSearch } from '@ks-apiserver/server/models/clusters/lists/cluster-search';
import { takeClusters } from '@ks-apiserver/server/models/clusters/lists/cluster-selection';
import type { ClusterScope } from '@ks-apiserver/server/models/clusters/lists/cluster-source';
import type { Member } from '@ks-apiserver/server/models/clusters/member';
import type { MemberClusters } from '@ks-apiserver/server/models/clusters/member-clusters';
import { MemberConnection } from '@ks-apiserver/server/models/clusters/member-connection';
import { type MemberScope, MemberScopes } from '@ks-apiserver/server/models/clusters/member-scopes';
import { Catalog } from '@ks-apiserver/server/models/resources/catalog/catalog';
import { RESOURCES } from '@ks-apiserver/server/models/resources/catalog/table';
import { parseListQuery } from '@ks-apiserver/server/models/resources/query/query';
import { eventually } from '../support/test-server.ts';

const MAPS = { group: '', version: 'v1', resource: 'configmaps' };
const USERS = { group: 'iam.kubesphere.io', version: 'v1alpha2', resource: 'users' };
const CALLER = { name: 'wendy', groups: ['system:authenticated'] };
const { config } = parseConfig('authorization: { mode: AlwaysAllow }');

/** How a member answers instead of its API; undefined for as it is. */
type Trick = (request: KubeRequest) => Promise<KubeResponse> | undefined;

/** Timers of the product do not keep a process alive. */
const alive = setInterval(() => {}, 1000);

const apis = new Map<string, KubeApiServer>();
const tricks = new Map<string, Trick>();
const opened: MemberScope[] = [];
let scopes: MemberScopes;
let search: ClusterSearch;

/** Times and limits that a test needs. */
let limits: { idleMs: number; kindIdleMs: number; budget: number; waitMs: number };

async function scopeOf(transport: KubeTransport): Promise<MemberScope> {
  const client = new KubeClient(transport);
  const catalog = new Catalog(client, RESOURCES, {
    idleMs: limits.kindIdleMs,
    keeps: 'held',
    budget: new CacheBudget(limits.budget),
  });
  await catalog.start(AbortSignal.timeout(20_000));

  const access = openAuthorizer({ config, catalog, overrides: undefined });
  const end = new AbortController();
  const scope = {
    client,
    transport,
    catalog,
    ...access,
    visibility: new Visibility(access.authorizer, access.bindings, catalog),
    ended: end.signal,
    close: async () => {
      end.abort();
      await catalog.stop();
    },
  };
  opened.push(scope);

  return scope;
}

function transportOf(name: string): KubeTransport {
  const api = apis.get(name);
  assert.ok(api, name);

  return {
    request: (request) => tricks.get(name)?.(request) ?? api.request(request),
    upgrade: (request) => api.upgrade(request),
    webSocket: (url) => api.webSocket(url),
    close: async () => {},
  };
}

async function open(names: readonly string[]): Promise<void> {
  const host = await scopeOf(transportOf('host'));
  const members = new Map<string, Member>(
    names.map((name) => {
      const kubernetes = new MemberConnection(name, transportOf(name));
      const kubesphere = { door: 'service', connection: kubernetes } as const;
      return [name, { state: 'ready', kubernetes, kubesphere } as const];
    }),
  );
  members.set('host', { state: 'host' });

  const known = {
    find: async (name: string) => members.get(name),
    names: (accepts: Parameters<MemberClusters['names']>[0] = () => true) =>
      [...members.keys()].filter((name) => accepts({ name, labels: {} })).sort(),
    onEnd: () => () => {},
  };

  scopes = new MemberScopes(known as never, ({ transport }) => scopeOf(transport), limits);
  search = new ClusterSearch({ members: known, scopes, host }, { waitMs: limits.waitMs });
}

async function list(query: string, resources = 'configmaps') {
  const parameters = new URLSearchParams(query);
  const selection = takeClusters(parameters);
  assert.ok(selection);

  const everything = { hidden: undefined, visible: undefined };
  const sources = await search.lists.open({
    resources,
    selection,
    caller: CALLER,
    accessIn: (_scope: ClusterScope) => everything,
  });

  try {
    const request = { sources: sources.sources, query: parseListQuery(parameters) };
    const page = await search.pages.page({ ...request, namespace: undefined });
    const { pieces, length } = await clusterListBody(page, sources);
    const body = Buffer.concat(pieces);
    assert.equal(body.length, length);

    return { text: body.toString(), ...JSON.parse(body.toString()) };
  } finally {
    sources.release();
  }
}

const namesOf = ({ items }: { items: { cluster: string; metadata: { name: string } }[] }) =>
  items.map(({ cluster, metadata }) => `${cluster}/${metadata.name}`);

const MINE = 'clusters=*&label=mine=yes&sortBy=name&ascending=true';

async function addMap(cluster: string, name: string, more: object = {}): Promise<void> {
  const api = apis.get(cluster);
  assert.ok(api);
  const object = { metadata: { name, namespace: 'default', labels: { mine: 'yes' } }, ...more };
  await new KubeClient(api).create(MAPS, object as KubeObject);
}

before(async () => {
  for (const name of ['host', 'east', 'west']) {
    const api = await KubeApiServer.open({ backend: new MemoryBackend() });
    apis.set(name, api);

    const client = new KubeClient(api);
    await install(client, { embedded: true });
    await client.create(USERS, {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'User',
      metadata: { name: 'wendy' },
      spec: { email: 'wendy@example.com' },
    });
    await addMap(name, `of-${name}`);
  }
});

beforeEach(() => {
  limits = { idleMs: 60_000, kindIdleMs: 60_000, budget: 1e9, waitMs: 10_000 };
  tricks.clear();
});

afterEach(async () => {
  scopes.close();
  await Promise.all(opened.splice(0).map((scope) => scope.close()));
});

after(async () => {
  clearInterval(alive);
  await Promise.all([...apis.values()].map((api) => api.close()));
});

/** How many lists of a kind a member was asked for. */
function counting(name: string, path: string): { lists: number; open: number } {
  const count = { lists: 0, open: 0 };

  tricks.set(name, (request) => {
    if (request.url.startsWith(path)) {
      if (!request.url.includes('watch=')) {
        count.lists += 1;
      } else {
        count.open += 1;
        request.signal?.addEventListener('abort', () => {
          count.open -= 1;
        });
      }
    }

    return undefined;
  });

  return count;
}

test('informers of a member start when somebody asks, and end when nobody does', async () => {
  limits.kindIdleMs = 1000;
  limits.idleMs = 4000;
  await open(['east', 'west']);

  const count = counting('east', '/api/v1/configmaps');
  assert.equal(scopes.isOpen('east'), false);

  assert.deepEqual(namesOf(await list(MINE)), ['east/of-east', 'host/of-host', 'west/of-west']);
  assert.equal(count.lists, 1);
  assert.equal(scopes.isOpen('east'), true);
  await eventually(async () => assert.equal(count.open, 1));

  // The kind first, then the member.
  await eventually(async () => assert.equal(count.open, 0));
  await eventually(async () => assert.equal(scopes.isOpen('east'), false));
  assert.ok(opened.some(({ ended }) => ended.aborted));

  assert.equal((await list(MINE)).totalItems, 3);
  assert.equal(count.lists, 2);
});

test('a member without a user of the caller’s name shows nothing', async () => {
  await open(['east']);

  const users = new KubeClient(transportOf('east'));
  const disabled = { status: { state: 'Disabled' } };
  await users.patch({ resource: USERS, name: 'wendy' }, 'merge', disabled, {});

  await eventually(async () => {
    const { items, clusters } = await list(MINE);
    assert.deepEqual(namesOf({ items }), ['host/of-host']);
    assert.equal(clusters.find((one: { name: string }) => one.name === 'east').state, 'forbidden');
  });

  await users.patch(
    { resource: USERS, name: 'wendy' },
    'merge',
    { status: { state: 'Active' } },
    {},
  );
  await eventually(async () => assert.equal((await list(MINE)).totalItems, 2));
});

const listOf = (items: readonly string[], next = '') =>
  Buffer.from(
    `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"${next}"},"items":[${items.join()}]}`,
  );

/** Never answers, until the caller or the test gives up. */
function silence(signal: AbortSignal | undefined, lost?: AbortSignal): Promise<KubeResponse> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
    lost?.addEventListener('abort', () => reject(new Error('the connection was lost')));
  });
}

function answering(name: string, body: (request: KubeRequest) => Buffer): void {
  tricks.set(name, (request) => {
    if (!request.url.startsWith('/api/v1/configmaps')) {
      return undefined;
    }
    if (request.url.includes('watch=')) {
      return silence(request.signal);
    }

    const headers = { 'content-type': 'application/json' };
    return Promise.resolve({ status: 200, headers, body: body(request) });
  });
}

test('a member cannot pass its objects off as those of another cluster', async () => {
  await open(['east', 'west']);

  const metadata = (name: string, label = ',"cluster":"host"') =>
    `"metadata":{"name":"${name}","namespace":"default","uid":"${name}","resourceVersion":"1","labels":{"mine":"yes"${label}}}`;
  answering('west', () =>
    listOf([
      `{${metadata('plain')},"cluster":"host"}`,
      `{"cluster":"host",${metadata('first')}}`,
      `{${metadata('escaped', '')},"\\u0063luster":"host"}`,
      `{"cluster":{"cluster":"}"},${metadata('nested')},"data":{"cluster":"host"} }`,
    ]),
  );

  const { items, totalItems, text } = await list(`${MINE}&cluster=west`);
  assert.equal(totalItems, 4, text);
  assert.deepEqual(namesOf({ items }), ['west/escaped', 'west/first', 'west/nested', 'west/plain']);
  assert.equal(items[2].data.cluster, 'host');
  assert.deepEqual(namesOf(await list(`${MINE}&cluster=host`)), ['host/of-host']);
  assert.ok(text.endsWith('"totalItems":4}]}'), text.slice(-60));
});

test('a list without end takes no more memory than one member may have', async () => {
  limits.budget = 4 * 1024 * 1024;
  limits.waitMs = 3000;
  await open(['east', 'west']);

  let served = 0;
  answering('west', () => {
    const items = Array.from({ length: 500 }, () => {
      served += 1;
      return `{"metadata":{"name":"x${served}","namespace":"default","uid":"${served}","resourceVersion":"1"}}`;
    });
    return listOf(items, 'more');
  });

  const state = ({ clusters }: Awaited<ReturnType<typeof list>>) =>
    clusters.find((one: { name: string }) => one.name === 'west');

  await eventually(async () => {
    const answer = await list(MINE);
    assert.deepEqual(namesOf(answer), ['east/of-east', 'host/of-host']);
    assert.equal(answer.incomplete, true);
    assert.match(state(answer).reason, /more memory than one cluster may/);
  });

  // Its other kinds are still there.
  assert.equal((await list('clusters=west&names=wendy', 'users')).totalItems, 1);

  tricks.delete('west');
  await eventually(async () => assert.equal((await list(MINE)).totalItems, 3), 60_000);
});

test('a member that comes to its senses is there without another wait', async () => {
  limits.waitMs = 2000;
  await open(['east', 'west']);

  const stop = new AbortController();
  tricks.set('west', ({ signal }) => silence(signal, stop.signal));

  await eventually(async () =>
    assert.deepEqual(namesOf(await list(MINE)), ['east/of-east', 'host/of-host']),
  );

  const begin = performance.now();
  assert.equal((await list(MINE)).incomplete, true);
  assert.ok(performance.now() - begin < 1500, 'what was late is not waited for again');

  tricks.delete('west');
  stop.abort();
  await eventually(async () => assert.equal((await list(MINE)).totalItems, 3), 60_000);
});
