import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { LiveStream } from '@ks-apiserver/server/test/support/live-stream';
import {
  ADMIN_PASSWORD,
  eventually,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';
import WebSocket from 'ws';

const K = '/kapis/resources.kubesphere.io/v1alpha3';
let server: TestServer;
let admin: string;
let streams: LiveStream[] = [];

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  admin = await server.token();

  for (const name of ['live', 'other']) {
    await make('/api/v1/namespaces', { metadata: { name } });
  }
});

after(() => server.stop());

afterEach(() => {
  for (const stream of streams) {
    stream.close();
  }
  streams = [];
});

async function make(path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

async function label(path: string, labels: object): Promise<void> {
  const body = { metadata: { labels } };

  const { status, json } = await server.kubernetes(path, {
    method: 'PATCH',
    body,
    type: 'application/merge-patch+json',
  });

  assert.equal(status, 200, JSON.stringify(json));
}

async function remove(path: string): Promise<void> {
  assert.equal((await server.kubernetes(path, { method: 'DELETE' })).status, 200);
}

const CONFIGMAPS = '/api/v1/namespaces/live/configmaps';

/**
 * Creates a ConfigMap and waits until new lists contain it: the copy of a cluster follows a moment
 * later.
 */
async function configMap(name: string, labels = {}): Promise<void> {
  await make(CONFIGMAPS, { metadata: { name, labels } });

  await eventually(async () => {
    const { json } = await server.call(`${K}/namespaces/live/configmaps?names=${name}`, {
      token: admin,
    });
    assert.equal(json.totalItems, 1);
  });
}

async function open(
  path: string,
  headers: Record<string, string> = {},
  token = admin,
): Promise<LiveStream> {
  const stream = await LiveStream.open(server, `${K}/${path}`, token, headers);
  assert.equal(stream.status, 200);
  streams.push(stream);
  return stream;
}

test('a filtered live list reports objects that begin or cease to match', async () => {
  await configMap('f1', { app: 'f' });
  await configMap('f2', { app: 'f' });

  const stream = await open(
    'namespaces/live/configmaps?watch=true&labelSelector=app=f&sortBy=name&ascending=true',
  );
  assert.equal(stream.headers.get('content-type'), 'application/json');
  assert.deepEqual(await stream.initial(), ['f1', 'f2']);
  await configMap('f3', { app: 'f' });
  await configMap('g1', { app: 'g' });
  await label(`${CONFIGMAPS}/g1`, { app: 'f' });
  await label(`${CONFIGMAPS}/f1`, { seen: 'yes' });
  await label(`${CONFIGMAPS}/f2`, { app: 'g' });
  await remove(`${CONFIGMAPS}/f3`);
  await make('/api/v1/namespaces/other/configmaps', {
    metadata: { name: 'f9', labels: { app: 'f' } },
  });
  await label(`${CONFIGMAPS}/f1`, { app: 'z' });

  assert.deepEqual(await stream.next(6), [
    'ADDED f3',
    'ADDED g1',
    'MODIFIED f1',
    'DELETED f2',
    'DELETED f3',
    'DELETED f1',
  ]);

  const left = stream.events.find(
    ({ type, object }) => type === 'DELETED' && object.metadata.name === 'f2',
  )!;
  assert.deepEqual(left.object.metadata.labels, { app: 'f' });
  assert.equal(left.object.kind, 'ConfigMap');
});

test('a reconnecting reader continues after its position, in any form', async () => {
  const first = await open('namespaces/live/configmaps?watch=1&name=resume');
  await first.initial();
  await configMap('resume-1');
  await first.next(1);

  const { position } = first;
  const { resourceVersion } = first.events.at(-1)!.object.metadata;

  first.close();
  await configMap('resume-2');
  await configMap('resume-3');

  const path = 'namespaces/live/configmaps?watch=1&name=resume';

  for (const [query, headers] of [
    [`&resourceVersion=${position}`, {}],
    ['', { 'last-event-id': position }],
  ] as const) {
    assert.deepEqual(await (await open(path + query, headers)).next(2), [
      'ADDED resume-2',
      'ADDED resume-3',
    ]);
  }

  // The event of an object comes once more after the object's own version.
  assert.deepEqual(await (await open(`${path}&resourceVersion=${resourceVersion}`)).next(2), [
    'ADDED resume-2',
    'ADDED resume-3',
  ]);
});

test('an unknown position gets 410, as a status or as an event', async () => {
  const path = `${K}/namespaces/live/configmaps?watch=true&resourceVersion=0badcafe-7`;
  const { status, json } = await server.call(path, { token: admin });

  assert.deepEqual([status, json.kind, json.reason, json.code], [410, 'Status', 'Expired', 410]);

  const events = await open('namespaces/live/configmaps?watch=true', {
    accept: 'text/event-stream',
    'last-event-id': '0badcafe-7',
  });

  assert.deepEqual(await events.next(1), ['ERROR 410']);
  assert.match(events.parts[0]!, /^id: \n/);
  await events.finished();
});

test('Server-Sent Events have a position as their id', async () => {
  await configMap('sse-1');

  const stream = await open('namespaces/live/configmaps?watch=true&name=sse', {
    accept: 'text/event-stream',
  });
  assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.deepEqual(await stream.initial(), ['sse-1']);
  await configMap('sse-2');
  assert.deepEqual(await stream.next(1), ['ADDED sse-2']);

  assert.match(
    stream.parts.at(-1)!,
    new RegExp(`^id: ${stream.position}\\ndata: \\{"type":"ADDED",`),
  );
});

test('each message of a WebSocket holds one event', async () => {
  await configMap('ws-1');

  const url = `${server.url.replace('http', 'ws')}${K}/namespaces/live/configmaps?watch=true&name=ws-`;
  const headers = { authorization: `Bearer ${admin}` };
  const socket = new WebSocket(url, { headers });
  const messages: string[] = [];

  socket.on('message', (data, isBinary) => messages.push(`${isBinary}${data}`));
  await eventually(async () => assert.equal(messages.length, 2));
  await configMap('ws-2');
  await eventually(async () => assert.equal(messages.length, 3));

  const types = messages.map((text) => {
    assert.ok(text.startsWith('false{') && text.endsWith('}'));
    return JSON.parse(text.slice(5)).type;
  });

  assert.deepEqual(types, ['ADDED', 'BOOKMARK', 'ADDED']);
  socket.close();

  const refused = new WebSocket(url.replace('watch=true&', ''), { headers });
  const [error] = (await once(refused, 'error')) as [Error];

  assert.match(error.message, /400/);

  // Browsers add Basic credentials by themselves, also for a page of another site.
  const basic = {
    authorization: `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`,
  };
  const foreign = new WebSocket(url, { headers: basic, origin: 'http://elsewhere.example' });

  assert.match(((await once(foreign, 'error')) as [Error])[0].message, /403/);
});

test('a page follows its place in the list', async () => {
  for (const name of ['p1', 'p3', 'p5', 'p7']) {
    await configMap(`page-${name}`);
  }

  const stream = await open(
    'namespaces/live/configmaps?watch=true&name=page-&sortBy=name&ascending=true&limit=2&page=2',
  );
  assert.deepEqual(await stream.initial(), ['page-p5', 'page-p7']);

  assert.deepEqual(
    stream.events.map(({ index, totalItems }) => [index, totalItems]),
    [
      [2, 4],
      [3, 4],
      [undefined, 4],
    ],
  );

  // The client's copy of the page, kept as the guide describes.
  const page = ['page-p5', 'page-p7'];
  let seen = stream.events.length;

  const follow = async (want: string[], total: number) => {
    await stream.until(() => {
      for (; seen < stream.events.length; seen++) {
        const { type, object, index } = stream.events[seen]!;
        if (type === 'BOOKMARK') {
          continue;
        }

        const at = page.indexOf(object.metadata.name);
        if (at >= 0) {
          page.splice(at, 1);
        }
        if (type !== 'DELETED') {
          page.splice(index! - 2, 0, object.metadata.name);
        }
      }

      return page.join() === want.join() && stream.events.at(-1)!.totalItems === total;
    });
  };

  await configMap('page-p4');
  await follow(['page-p4', 'page-p5'], 5);
  await remove(`${CONFIGMAPS}/page-p1`);
  await follow(['page-p5', 'page-p7'], 4);
  await configMap('page-p9');
  await follow(['page-p5', 'page-p7'], 5);
  await remove(`${CONFIGMAPS}/page-p5`);
  await remove(`${CONFIGMAPS}/page-p7`);
  await follow(['page-p9'], 3);
});

test('computed annotations change with their sources', async () => {
  await make('/api/v1/nodes', {
    metadata: { name: 'live-node' },
    status: { allocatable: { cpu: '2' } },
  });

  const stream = await open('nodes?watch=true&names=live-node');
  await stream.initial();

  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }];
  await make('/api/v1/namespaces/live/pods', {
    metadata: { name: 'busy' },
    spec: { nodeName: 'live-node', containers },
  });

  await stream.until((events) =>
    events.some(
      ({ type, object }) =>
        type === 'MODIFIED' &&
        object.metadata.annotations?.['node.kubesphere.io/cpu-requests'] === '1',
    ),
  );
});

test('filters that depend on other resources follow their changes', async () => {
  const containers = [{ name: 'c', image: 'i' }];
  await make('/api/v1/namespaces/live/pods', {
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { containers },
  });

  const stream = await open('namespaces/live/pods?watch=true&serviceName=front');
  assert.deepEqual(await stream.initial(), []);

  await make('/api/v1/namespaces/live/services', {
    metadata: { name: 'front' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });

  assert.deepEqual(await stream.next(1), ['ADDED web']);
  await remove('/api/v1/namespaces/live/services/front');
  assert.deepEqual(await stream.next(1), ['DELETED web']);
});

test('live lists accept words and field conditions, also for kinds found by discovery', async () => {
  const words = await open('namespaces/live/configmaps?watch=true&q=red%20hot');
  const fields = await open(
    'namespaces/live/configmaps?watch=true&fieldSelector=metadata.name=hot-2',
  );
  const accounts = await open('namespaces/live/serviceaccounts?watch=true&name=robot');
  for (const stream of [words, fields, accounts]) {
    await stream.initial();
  }

  await configMap('hot-1', { colour: 'red' });
  await configMap('hot-2', { colour: 'blue' });
  await make('/api/v1/namespaces/live/serviceaccounts', { metadata: { name: 'robot' } });
  await label(`${CONFIGMAPS}/hot-2`, { colour: 'red' });
  assert.deepEqual(await fields.next(2), ['ADDED hot-2', 'MODIFIED hot-2']);
  assert.deepEqual(await accounts.next(1), ['ADDED robot']);
  assert.deepEqual(await words.next(2), ['ADDED hot-1', 'ADDED hot-2']);
});

test('invalid parameters are named; watch=false is a list', async () => {
  for (const [query, word] of [
    ['watch=banana', 'watch'],
    ['watch=true&timeoutSeconds=soon', 'timeoutSeconds'],
    ['watch=true&sendInitialEvents=maybe', 'sendInitialEvents'],
    ['watch=true&continue=&limit=2', 'continue'],
  ] as const) {
    const { status, text } = await server.call(`${K}/configmaps?${query}`, { token: admin });
    assert.equal(status, 400, text);
    assert.match(text, new RegExp(`parameter ${word}:`));
  }

  for (const word of ['false', '0', 'f', 'FALSE']) {
    assert.ok(
      (await server.call(`${K}/namespaces?watch=${word}`, { token: admin })).json.totalItems > 0,
    );
  }

  const accept = { accept: 'text/event-stream' };
  assert.equal(
    (await server.call(`${K}/namespaces`, { token: admin, headers: accept })).status,
    406,
  );
});

test('a live list of a custom resource ends when its CRD is deleted', async () => {
  const names = { plural: 'kettles', singular: 'kettle', kind: 'Kettle', listKind: 'KettleList' };
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await make(crds, {
    metadata: { name: 'kettles.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions },
  });

  await eventually(async () =>
    assert.equal((await server.call(`${K}/kettles`, { token: admin })).status, 200),
  );

  const stream = await open('kettles?watch=true');
  await stream.initial();

  await eventually(() =>
    make('/apis/example.com/v1/namespaces/live/kettles', {
      apiVersion: 'example.com/v1',
      kind: 'Kettle',
      metadata: { name: 'black' },
    }),
  );

  assert.deepEqual(await stream.next(1), ['ADDED black']);
  await remove(`${crds}/kettles.example.com`);
  await stream.finished();
  assert.equal(stream.events.at(-1)!.object.code, 410);
});

test('a stream ends at its time, and with the session', async () => {
  const timed = await open('namespaces?watch=true&timeoutSeconds=1');
  await timed.initial();
  await timed.finished();

  const { access_token: token } = (await server.login('admin', 'P@88w0rd')).json;
  const stream = await open('namespaces?watch=true', {}, token);

  await stream.initial();
  await server.call('/oauth/logout', { token });

  const start = performance.now();

  await stream.finished();
  assert.ok(performance.now() - start < 2000);
});
