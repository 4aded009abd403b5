// Lists of several clusters at once: a host, two members that are servers of their own, and members
// that do not answer.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { type LiveEvent, LiveStream } from '../support/live-stream.ts';
import { Fleet, kubeconfigOf } from '../support/member-fleet.ts';
import { PlainKubernetes } from '../support/plain-kubernetes.ts';
import { type Answer, eventually, type TestServer } from '../support/test-server.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';

const K = '/kapis/resources.kubesphere.io/v1alpha3';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const PASSWORD = 'Passw0rd!';
const MINE = 'labelSelector=search=yes';
const ALL = 'clusters=host,east,west';

let fleet: Fleet;
let admin: string;

/** Viewer of a project in east, and nothing else. */
let wendy: string;

/** A user without any role in any cluster. */
let nobody: string;

interface Item {
  cluster: string;
  metadata: { name: string; namespace: string };
}

const serverOf = (cluster: string) => (cluster === 'host' ? fleet.host : fleet.member(cluster));
const show = (answer: Answer) =>
  answer.json.items.map(({ cluster, metadata }: Item) => `${cluster}/${metadata.name}`);
const stateOf = (answer: Answer, name: string) =>
  answer.json.clusters.find((one: { name: string }) => one.name === name);

function list(path: string, token = admin): Promise<Answer> {
  return fleet.host.call(`${K}/${path}`, { token });
}

async function found(path: string, token = admin): Promise<string[]> {
  const answer = await list(path, token);
  assert.equal(answer.status, 200, answer.text);

  return show(answer);
}

/** One session of the administrator for each server: a new one ends the one before. */
const tokens = new Map<TestServer, Promise<string>>();

async function post(server: TestServer, path: string, body: unknown): Promise<void> {
  const session = tokens.get(server) ?? server.token();
  tokens.set(server, session);

  const { status, text } = await server.call(path, { token: await session, body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
}

async function addMap(cluster: string, name: string, labels = {}, namespace = 'default') {
  const { status, json } = await serverOf(cluster).kubernetes(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { method: 'POST', body: { metadata: { name, labels: { search: 'yes', ...labels } } } },
  );
  assert.equal(status, 201, JSON.stringify(json));
}

async function addUser(server: TestServer, name: string): Promise<void> {
  await post(server, `${IAM}/users`, {
    metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
    spec: { email: `${name}@example.com`, password: PASSWORD },
  });
}

const addWendy = () =>
  post(fleet.member('east'), `${IAM}/namespaces/shop/members`, [
    { username: 'wendy', roleRef: 'viewer' },
  ]);

before(async () => {
  fleet = await Fleet.start(['east', 'west']);
  admin = await fleet.host.token();
  tokens.set(fleet.host, Promise.resolve(admin));

  await addUser(fleet.host, 'wendy');
  await addUser(fleet.host, 'nobody');
  await addUser(fleet.member('east'), 'wendy');
  await addUser(fleet.member('west'), 'wendy');

  const east = fleet.member('east');
  await post(east, '/api/v1/namespaces', {
    metadata: { name: 'shop', annotations: { 'kubesphere.io/creator': 'admin' } },
  });
  await eventually(addWendy);

  await addMap('host', 'b', { tier: 'front' });
  await addMap('east', 'a', { tier: 'back' });
  await addMap('east', 'c', { tier: 'front' });
  await addMap('west', 'b', { tier: 'back' });
  await addMap('west', 'd', { tier: 'front' });
  await addMap('east', 'basket', {}, 'shop');

  wendy = await fleet.host.token('wendy', PASSWORD);
  nobody = await fleet.host.token('nobody', PASSWORD);

  await eventually(async () => {
    const { json, text } = await list(`configmaps?${ALL}&${MINE}`);
    assert.equal(json.totalItems, 6, text);
  }, 30_000);
});

after(() => fleet?.stop());

test('one list has the objects of all clusters in one order, each with its cluster', async () => {
  const sorted = `configmaps?${ALL}&${MINE}&sortBy=name&ascending=true`;
  const all = ['east/a', 'host/b', 'west/b', 'east/basket', 'east/c', 'west/d'];
  assert.deepEqual(await found(sorted), all);

  assert.deepEqual(await found(`configmaps?clusters=*&${MINE}&sortBy=name`), [...all].reverse());

  const answer = await list(sorted);
  assert.deepEqual(answer.json.clusters, [
    { name: 'east', state: 'ready', totalItems: 3 },
    { name: 'host', state: 'ready', totalItems: 1 },
    { name: 'west', state: 'ready', totalItems: 2 },
  ]);
  assert.equal(answer.json.incomplete, undefined);
});

test('pages cut the common order, and count all clusters', async () => {
  const sorted = `configmaps?${ALL}&${MINE}&sortBy=name&ascending=true&limit=2`;
  const pages = await Promise.all([1, 2, 3, 4].map((page) => list(`${sorted}&page=${page}`)));

  assert.deepEqual(pages.map(show), [
    ['east/a', 'host/b'],
    ['west/b', 'east/basket'],
    ['east/c', 'west/d'],
    [],
  ]);
  assert.deepEqual(
    pages.map(({ json }) => json.totalItems),
    [6, 6, 6, 6],
  );
});

test('a snapshot is read page by page, whatever changes meanwhile', async () => {
  const sorted = `configmaps?${ALL}&${MINE}&sortBy=name&ascending=true&limit=4&continue=`;
  const first = await list(sorted);
  assert.deepEqual(show(first), ['east/a', 'host/b', 'west/b', 'east/basket']);

  await addMap('west', 'aa', { passing: 'yes' });
  await eventually(async () => {
    assert.equal((await list(`configmaps?${ALL}&labelSelector=passing`)).json.totalItems, 1);
  });

  const next = await list(sorted + first.json.continue);
  assert.deepEqual(show(next), ['east/c', 'west/d']);
  assert.equal(next.json.continue, '');

  const other = await list(sorted.replace(ALL, 'clusters=east,west') + first.json.continue);
  assert.equal(other.status, 400);

  const { status } = await fleet
    .member('west')
    .kubernetes('/api/v1/namespaces/default/configmaps/aa', { method: 'DELETE' });
  assert.equal(status, 200);
  await eventually(async () => {
    assert.equal((await list(`configmaps?${ALL}&labelSelector=passing`)).json.totalItems, 0);
  });
});

test('filters and orders are those of one list, and there is one more for the cluster', async () => {
  const sorted = `configmaps?${ALL}&${MINE}&ascending=true`;

  assert.deepEqual(await found(`${sorted}&sortBy=name&label=tier=front`), [
    'host/b',
    'east/c',
    'west/d',
  ]);
  assert.deepEqual(await found(`${sorted}&sortBy=cluster&namespace=default`), [
    'east/a',
    'east/c',
    'host/b',
    'west/b',
    'west/d',
  ]);
  assert.deepEqual(await found(`${sorted}&sortBy=label:tier,-cluster,name&namespace=default`), [
    'west/b',
    'east/a',
    'west/d',
    'host/b',
    'east/c',
  ]);
  assert.deepEqual(await found(`${sorted}&sortBy=name&cluster=west`), ['west/b', 'west/d']);
  assert.deepEqual(await found(`${sorted}&sortBy=name&cluster!=east`), [
    'host/b',
    'west/b',
    'west/d',
  ]);
  assert.deepEqual(await found(`${sorted}&sortBy=name&cluster|=host&cluster|=west&name=b`), [
    'host/b',
    'west/b',
  ]);
  assert.deepEqual(await found(`${sorted}&fieldSelector=metadata.name=b`), ['host/b', 'west/b']);
  assert.deepEqual(await found(`${sorted}&q=basket`), ['east/basket']);
  assert.deepEqual(await found(`namespaces/shop/configmaps?${ALL}&${MINE}`), ['east/basket']);
});

test('clusters are chosen by name, by label, or all', async () => {
  await fleet.host.kubernetes('/apis/cluster.kubesphere.io/v1alpha1/clusters/west', {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { metadata: { labels: { region: 'eu' } } },
  });

  await eventually(async () => {
    const eu = await found(`configmaps?clusters=region=eu&${MINE}&sortBy=name&ascending=true`);
    assert.deepEqual(eu, ['west/b', 'west/d']);
  });

  assert.equal((await list(`configmaps?clusters=region=eu`, wendy)).status, 403);

  for (const wrong of ['', '-east', 'a,,b', '*,east', 'a in (', 'east&clusters=west']) {
    const { status, text } = await list(`configmaps?clusters=${wrong}`);
    assert.equal(status, 400, wrong);
    assert.match(text, /parameter clusters/, wrong);
  }
});

test('an answer is not sent again while it is the same', async () => {
  const path = `${K}/configmaps?${ALL}&${MINE}&sortBy=name&limit=3`;
  const first = await fleet.host.call(path, { token: admin });
  const etag = first.headers.get('etag') ?? '';
  assert.match(etag, /^W\//);

  const again = () => fleet.host.call(path, { token: admin, headers: { 'if-none-match': etag } });
  assert.equal((await again()).status, 304);

  await fleet.member('west').kubernetes('/api/v1/namespaces/default/configmaps/d', {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { data: { changed: 'yes' } },
  });

  await eventually(async () => assert.equal((await again()).status, 200));
});

test('a user sees what the roles of each cluster give, and no other cluster', async () => {
  const visible = `configmaps?clusters=*&scope=visible&${MINE}`;
  const answer = await list(visible, wendy);

  assert.deepEqual(show(answer), ['east/basket']);
  assert.deepEqual(answer.json.clusters, [{ name: 'east', state: 'ready', totalItems: 1 }]);

  // Who may not list Clusters learns nothing of those that are named.
  const named = await list(`configmaps?clusters=west,nosuch,east&scope=visible&${MINE}`, wendy);
  const [east, nosuch, west] = named.json.clusters;
  assert.equal(east.state, 'ready');
  assert.deepEqual({ ...west, name: '' }, { ...nosuch, name: '' });
  assert.equal(west.state, 'unknown');

  assert.equal((await list(`configmaps?clusters=east&${MINE}`, wendy)).status, 403);

  // A right to the list of the host alone shows nothing of members.
  assert.equal((await list(`namespaces/shop/configmaps?clusters=east&${MINE}`, wendy)).status, 403);

  const none = await list(visible, nobody);
  assert.equal(none.status, 200);
  assert.deepEqual([none.json.items, none.json.totalItems, none.json.clusters], [[], 0, []]);

  assert.equal((await fleet.host.call(`${K}/${visible}`)).status, 403);
  assert.equal((await fleet.host.call(`${K}/configmaps?clusters=*`)).status, 403);
});

test('kinds without a namespace, and credentials, need the right to them in each cluster', async () => {
  assert.deepEqual((await list('nodes?clusters=*&scope=visible', wendy)).json.items, []);
  assert.deepEqual((await list('secrets?clusters=*&scope=visible', wendy)).json.items, []);

  const users = await list('users?clusters=*&names=wendy');
  assert.deepEqual(show(users).sort(), ['east/wendy', 'host/wendy', 'west/wendy']);
  assert.doesNotMatch(users.text, /\$2[aby]\$/);

  await post(fleet.member('east'), '/api/v1/namespaces/shop/secrets', {
    metadata: { name: 'key' },
    stringData: { token: 'hush-hush' },
  });

  await eventually(async () => {
    const secrets = 'namespaces/shop/secrets?clusters=east&name=key';
    assert.deepEqual(await found(secrets), ['east/key']);
  });

  assert.deepEqual((await list('secrets?clusters=*&scope=visible', nobody)).json.items, []);
});

test('kinds that only some clusters have are listed from these', async () => {
  const { status } = await fleet
    .member('west')
    .kubernetes('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      method: 'POST',
      body: {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'gadgets.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Cluster',
          names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          ],
        },
      },
    });
  assert.equal(status, 201);

  const path = '/apis/example.com/v1/gadgets';
  await eventually(async () => {
    const made = await fleet.member('west').kubernetes(path, {
      method: 'POST',
      // It has a field of its own where the name of the cluster goes.
      body: {
        apiVersion: 'example.com/v1',
        kind: 'Gadget',
        metadata: { name: 'liar', labels: { cluster: 'host' } },
        cluster: 'host',
      },
    });
    assert.equal(made.status, 201);
  });

  await eventually(async () => {
    const answer = await list('gadgets?clusters=*');
    assert.deepEqual(show(answer), ['west/liar']);
    assert.equal(answer.text.match(/"cluster":/g)?.length, 2, answer.text);
    assert.equal(stateOf(answer, 'east').state, 'unserved');
  });

  assert.equal((await list('nonsenses?clusters=*')).status, 500);
});

const shown = ({ type, object }: LiveEvent) =>
  type === 'BOOKMARK' ? type : `${type} ${object.cluster}/${object.metadata.name}`;

/** Returns what a stream has sent so far without bookmarks. */
const changesOf = ({ events }: LiveStream) =>
  events.map(shown).filter((event) => event !== 'BOOKMARK');

async function removeMap(cluster: string, name: string): Promise<void> {
  const path = `/api/v1/namespaces/default/configmaps/${name}`;
  assert.equal((await serverOf(cluster).kubernetes(path, { method: 'DELETE' })).status, 200);
}

test('a live list has the changes of all clusters, and goes on after a break', async () => {
  const path = `${K}/configmaps?${ALL}&labelSelector=live&sortBy=name&ascending=true&watch=true`;
  await addMap('host', 'l1', { live: 'yes' });
  await addMap('west', 'l1', { live: 'yes' });
  await eventually(async () =>
    assert.equal((await list(`configmaps?${ALL}&labelSelector=live`)).json.totalItems, 2),
  );

  const stream = await LiveStream.open(fleet.host, path, admin);
  await eventually(async () =>
    assert.deepEqual(stream.events.map(shown), ['ADDED host/l1', 'ADDED west/l1', 'BOOKMARK']),
  );

  await addMap('east', 'l2', { live: 'yes' });
  await eventually(async () => assert.equal(changesOf(stream).at(-1), 'ADDED east/l2'));
  const { position } = stream.events.at(-1) ?? {};
  assert.ok(position);
  stream.close();

  await removeMap('west', 'l1');
  await addMap('host', 'l3', { live: 'yes' });

  const rest = await LiveStream.open(fleet.host, `${path}&resourceVersion=${position}`, admin);
  await eventually(async () =>
    assert.deepEqual([...changesOf(rest)].sort(), ['ADDED host/l3', 'DELETED west/l1']),
  );
  rest.close();

  // Versions of objects say nothing about several clusters.
  const old = await list(`${path.slice(K.length + 1)}&resourceVersion=1`);
  assert.equal(old.status, 410);

  for (const [cluster, name] of [
    ['host', 'l1'],
    ['east', 'l2'],
    ['host', 'l3'],
  ] as const) {
    await removeMap(cluster, name);
  }
});

test('a live page stays the page of all clusters', async () => {
  const query = `${ALL}&labelSelector=paged&sortBy=name&ascending=true&limit=2&watch=true`;
  await addMap('east', 'p2', { paged: 'yes' });
  await addMap('west', 'p3', { paged: 'yes' });

  const stream = await LiveStream.open(fleet.host, `${K}/configmaps?${query}`, admin);
  await eventually(async () => {
    const page = pageAfter(stream);
    assert.deepEqual(page, ['east/p2', 'west/p3']);
  });

  await addMap('host', 'p1', { paged: 'yes' });
  await eventually(async () => {
    assert.deepEqual(pageAfter(stream), ['host/p1', 'east/p2']);
    assert.equal(stream.events.at(-1)?.totalItems, 3);
  });

  await removeMap('east', 'p2');
  await eventually(async () => assert.deepEqual(pageAfter(stream), ['host/p1', 'west/p3']));
  stream.close();

  await removeMap('host', 'p1');
  await removeMap('west', 'p3');
});

/** Applies the events of a live page as the guide says. */
function pageAfter({ events }: LiveStream): string[] {
  const page: string[] = [];

  for (const { type, object, index } of events) {
    if (type === 'BOOKMARK') {
      continue;
    }

    const name = `${object.cluster}/${object.metadata.name}`;
    const at = page.indexOf(name);
    if (at >= 0) {
      page.splice(at, 1);
    }
    if (type !== 'DELETED') {
      page.splice(index ?? 0, 0, name);
    }
  }

  return page;
}

test('a live list over WebSocket has all clusters too', async () => {
  const path = `${K}/configmaps?${ALL}&${MINE}&namespace=default&watch=true`;
  const { status, text } = await callWithUpgrade(fleet.host.url, path, { token: admin });
  assert.equal(status, 101);
  assert.match(text, /"cluster":"east"/);

  const list = path.replace('&watch=true', '');
  assert.equal((await callWithUpgrade(fleet.host.url, list, { token: admin })).status, 400);
});

test('a live list ends when a right in a member ends, or a cluster goes', async () => {
  const path = `${K}/configmaps?clusters=*&scope=visible&${MINE}&watch=true`;
  const stream = await LiveStream.open(fleet.host, path, wendy);
  await eventually(async () => assert.deepEqual(changesOf(stream), ['ADDED east/basket']));

  const east = fleet.member('east');
  const { status, text } = await east.call(`${IAM}/namespaces/shop/members/wendy`, {
    method: 'DELETE',
    token: await tokens.get(east),
  });
  assert.equal(status, 200, text);

  await eventually(async () => {
    assert.equal(stream.events.at(-1)?.object.code, 410);
    assert.equal(stream.ended, true);
  });

  await addWendy();

  const other = await LiveStream.open(
    fleet.host,
    `${K}/configmaps?${ALL}&${MINE}&watch=true`,
    admin,
  );
  await eventually(async () => assert.ok(changesOf(other).includes('ADDED west/b')));
  await fleet.leave('west');
  await eventually(async () => assert.equal(other.events.at(-1)?.object.code, 410));
  await fleet.rejoin('west');
});

/** Accepts connections and never answers. */
async function silentServer(): Promise<{ server: Server; sockets: Set<Socket>; url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return { server, sockets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('members that hang or are gone are named, and hold nobody up for long', async () => {
  const { server, sockets, url } = await silentServer();

  await fleet.join('hung', kubeconfigOf(url));
  await fleet.join('gone', kubeconfigOf('http://127.0.0.1:1'));

  try {
    const path = `configmaps?clusters=*&${MINE}&limit=1`;
    await eventually(async () => assert.ok(stateOf(await list(path), 'hung')));

    const begin = performance.now();
    const answer = await list(path);
    assert.ok(performance.now() - begin < 1500, 'what was late is not waited for again');

    assert.equal(answer.json.totalItems, 6);
    assert.equal(answer.json.incomplete, true);
    assert.equal(stateOf(answer, 'hung').state, 'unreachable');
    assert.equal(stateOf(answer, 'gone').state, 'unreachable');
    assert.doesNotMatch(answer.text, /127\.0\.0\.1|ECONNREFUSED|credential-of/);

    // Who may not list Clusters learns that something is missing, and not what.
    const { json } = await list(`configmaps?clusters=*&scope=visible&${MINE}`, wendy);
    assert.equal(json.incomplete, true);
    assert.deepEqual(
      json.clusters.map(({ name }: { name: string }) => name),
      ['east'],
    );

    const named = await list(`configmaps?clusters=hung,nosuch&scope=visible&${MINE}`, wendy);
    assert.equal(named.json.incomplete, undefined);
    assert.deepEqual(
      named.json.clusters.map(({ state }: { state: string }) => state),
      ['unknown', 'unknown'],
    );
  } finally {
    await fleet.leave('hung');
    await fleet.leave('gone');
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  }
});

test('a member without KubeSphere shows what the roles of the host and its own bindings give', async () => {
  const plain = await PlainKubernetes.start();

  try {
    const write = async (path: string, body: object) => {
      const { status, json } = await plain.call(path, { method: 'POST', body });
      assert.equal(status, 201, JSON.stringify(json));
    };

    await write('/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'plain', labels: { search: 'yes' } },
    });
    await fleet.join('plain', plain.kubeconfig, [{ type: 'KubeSphereInstalled', status: 'False' }]);

    const all = `configmaps?clusters=*&${MINE}&cluster=plain`;
    await eventually(async () => assert.deepEqual(await found(all), ['plain/plain']), 30_000);

    const visible = `configmaps?clusters=*&scope=visible&${MINE}&cluster=plain`;
    assert.deepEqual(await found(visible, wendy), []);

    await write('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'wendy-reads' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'wendy' }],
    });
    await eventually(async () => assert.deepEqual(await found(visible, wendy), ['plain/plain']));
    assert.deepEqual(await found(visible, nobody), []);

    // Its users are those of the host, and are listed there.
    const users = await list('users?clusters=host,plain&names=wendy');
    assert.deepEqual(show(users), ['host/wendy']);
    assert.equal(stateOf(users, 'plain').state, 'unserved');
  } finally {
    await fleet.leave('plain');
    await plain.stop();
  }
});

test('a member that comes later is there without asking for it', async () => {
  await fleet.leave('west');
  const path = `configmaps?clusters=*&${MINE}&sortBy=name&ascending=true`;

  await eventually(async () =>
    assert.deepEqual(await found(path), ['east/a', 'host/b', 'east/basket', 'east/c']),
  );

  await fleet.rejoin('west');
  await eventually(async () => assert.equal((await found(path)).length, 6));
});

test('a member that stops is named as stale, with what was last known of it', async () => {
  const path = `configmaps?clusters=*&${MINE}&sortBy=name&ascending=true`;
  await fleet.member('west').stop('SIGKILL');

  await eventually(async () => {
    const answer = await list(path);
    const { state, since, totalItems } = stateOf(answer, 'west');
    assert.deepEqual([state, totalItems], ['stale', 2]);
    assert.ok(Date.parse(since) > Date.now() - 120_000);
    assert.match(
      answer.headers.get('x-kubesphere-stale') ?? '',
      /configmaps;cluster=west;seconds=/,
    );
    assert.equal(answer.json.totalItems, 6);

    const etag = answer.headers.get('etag') ?? '';
    const again = await fleet.host.call(`${K}/${path}`, {
      token: admin,
      headers: { 'if-none-match': etag },
    });
    assert.equal(again.status, 304);
  }, 30_000);
});
