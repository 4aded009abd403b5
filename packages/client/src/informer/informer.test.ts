import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { KubeClient } from '../kube/client.ts';
import { RemoteTransport } from '../kube/remote.ts';
import { Informer } from './informer.ts';

const PODS = { group: '', version: 'v1', resource: 'pods' };
type Answer = (res: http.ServerResponse, query: URLSearchParams) => void;

/** An API whose lists and watches the test answers, one after the other; further calls wait. */
let script: { lists: Answer[]; watches: Answer[] };
let asked: string[];
let server: http.Server;
let client: KubeClient;
let informer: Informer;

beforeEach(async () => {
  script = { lists: [], watches: [] };
  asked = [];
  server = http.createServer((req, res) => {
    const url = new URL(req.url!, 'http://x');
    const watch = url.searchParams.has('watch');
    asked.push(
      watch
        ? `watch ${url.searchParams.get('resourceVersion')}`
        : `list ${url.searchParams.get('continue') ?? ''}`.trim(),
    );

    const answer = (watch ? script.watches : script.lists).shift();
    if (answer) {
      answer(res, url.searchParams);
    } else if (!watch) {
      res.writeHead(503).end();
    }
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const transport = new RemoteTransport({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  client = new KubeClient(transport);
  informer = new Informer(client, { resource: PODS, kind: 'Pod' });
});

afterEach(async () => {
  await informer.stop();
  server.closeAllConnections();
  server.close();
});

const pod = (name: string, resourceVersion: number) => ({
  metadata: { name, namespace: 'n', uid: name, resourceVersion: String(resourceVersion) },
});

const list =
  (resourceVersion: number, ...names: string[]): Answer =>
  (res) =>
    res.end(
      JSON.stringify({
        kind: 'PodList',
        metadata: { resourceVersion: String(resourceVersion) },
        items: names.map((name) => pod(name, resourceVersion)),
      }),
    );

const page =
  (next: string, ...names: string[]): Answer =>
  (res) =>
    res.end(
      JSON.stringify({
        metadata: { resourceVersion: '5', continue: next },
        items: names.map((name) => pod(name, 5)),
      }),
    );

const frame = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

const stream =
  (...frames: string[]): Answer =>
  (res) => {
    for (const text of frames) {
      res.write(text);
    }
  };

const status =
  (code: number, reason: string): Answer =>
  (res) =>
    res.writeHead(code).end(JSON.stringify({ kind: 'Status', code, reason, message: reason }));

const names = () => informer.store.list('name').map((entry) => entry.name);

async function until(check: () => boolean): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (check()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  assert.fail(`store has ${names()}, asked ${asked}`);
}

test('lists page by page, then follows the watch', async () => {
  script.lists.push(page('more', 'a'), page('', 'b'));

  script.watches.push(
    stream(
      frame('ADDED', pod('c', 6)),
      frame('DELETED', pod('a', 7)),
      frame('BOOKMARK', { metadata: { resourceVersion: '9' } }),
    ),
  );

  await informer.start().ready();
  await until(() => names().join() === 'b,c');
  assert.deepEqual(asked, ['list', 'list more', 'watch 5']);

  assert.match(
    informer.store.get('b', 'n')!.bytes.toString(),
    /^\{"kind":"Pod","apiVersion":"v1","metadata":/,
  );
});

test('resumes behind the last event when the watch breaks off in half a frame', async () => {
  script.lists.push(list(5, 'a'));

  script.watches.push(
    (res) => {
      res.write(`${frame('ADDED', pod('b', 6))}{"type":"ADDED","object":{"metadata":{"na`);
      setTimeout(() => res.destroy(), 20);
    },
    stream(frame('ADDED', pod('c', 7))),
  );

  informer.start();
  await until(() => names().join() === 'a,b,c');
  assert.deepEqual(asked.slice(0, 3), ['list', 'watch 5', 'watch 6']);
});

for (const [how, answer] of [
  ['by status', status(410, 'Expired')],
  [
    'in the stream',
    stream(frame('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' })),
  ],
] as const) {
  test(`lists again when its version is too old, reported ${how}, and drops deleted objects`, async () => {
    script.lists.push(list(5, 'a', 'b'), list(20, 'b', 'c'));
    script.watches.push(answer, stream());
    informer.start();
    await until(() => names().join() === 'b,c');
    await until(() => asked.at(-1) === 'watch 20');
  });
}

test('keeps its copy and reports why it is stale while the API fails', async () => {
  script.lists.push(list(5, 'a'));

  script.watches.push(
    status(500, 'InternalError'),
    status(429, 'TooManyRequests'),
    stream(frame('ADDED', pod('b', 6))),
  );

  informer.start();
  await until(() => informer.error !== undefined);
  assert.deepEqual(names(), ['a']);
  await until(() => names().join() === 'a,b');
  assert.equal(informer.error, undefined);
});

test('a resource that does not exist is treated as empty', async () => {
  script.lists.push(status(404, 'NotFound'));
  await informer.start().ready();
  assert.equal(informer.store.size, 0);
});

test('a resource that appears later is listed at once on retry', async () => {
  script.lists.push(...Array.from({ length: 5 }, () => status(404, 'NotFound')));
  await informer.start().ready();
  await until(() => asked.length === 5);

  // The next retry would come after 0.8 seconds at the earliest.
  script.lists.push(list(5, 'a'));
  script.watches.push(stream());

  const since = Date.now();

  informer.retry();
  await until(() => names().join() === 'a');
  assert.ok(Date.now() - since < 500);
});

test('one broken object hides no other', async () => {
  script.lists.push((res) =>
    res.end(
      '{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{}},{"metadata":{"name":"ok","namespace":"n"}},{"metadata":1}]}',
    ),
  );

  script.watches.push(stream());
  await informer.start().ready();
  assert.deepEqual(names(), ['ok']);
});

test('a listener that fails on an object does not stop the informer', async () => {
  script.lists.push(list(5, 'a'), list(8, 'a', 'b', 'c'));

  script.watches.push((res) => {
    res.write(frame('ADDED', pod('b', 6)) + frame('ADDED', pod('c', 7)));
    setTimeout(() => res.end(), 50);
  }, stream());

  const problems: string[] = [];

  await informer.stop();

  informer = new Informer(client, {
    ...informer.options,
    report: (problem) => problems.push(problem),
  });

  await informer.start().ready();

  informer.store.onChange(({ entry }) => {
    if (entry.name === 'b') {
      throw new Error('cannot take b');
    }
  });

  await until(() => names().join() === 'a,b,c');
  assert.match(problems.join(), /cannot take b/);

  // A list makes up for the missed events.
  await until(() => asked.filter((call) => call === 'list').length === 2);
});

test('a watch that ends at once repeatedly is opened at growing intervals', async () => {
  script.lists.push(list(5, 'a'));

  for (let i = 0; i < 50; i++) {
    script.watches.push((res) => res.end());
  }

  await informer.start().ready();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.ok(asked.length < 9, asked.join());
});

test('waiting for the first list ends with the reason when there is none', async () => {
  await assert.rejects(informer.start().ready(AbortSignal.timeout(300)), { code: 503 });
});

test('a silent watch is opened again, and the informer counts as stale while that fails', async () => {
  await informer.stop();

  const { port } = server.address() as AddressInfo;
  const client = new KubeClient(new RemoteTransport({ server: `http://127.0.0.1:${port}` }));

  informer = new Informer(client, { resource: PODS, kind: 'Pod', silenceMs: 1100 });
  script.lists.push(list(5, 'a'));

  // Open but silent, as after a network failure.
  script.watches.push(
    (res) => res.flushHeaders(),
    status(500, 'InternalError'),
    stream(frame('ADDED', pod('b', 6))),
  );

  await informer.start().ready();
  assert.equal(informer.staleSince, undefined);
  await until(() => informer.staleSince !== undefined);
  assert.ok(Date.now() - informer.staleSince! < 3000);
  await until(() => names().join() === 'a,b');
  await until(() => informer.staleSince === undefined);
  assert.deepEqual(asked.slice(0, 4), ['list', 'watch 5', 'watch 5', 'watch 5']);
});

test('a missing resource does not count as stale', async () => {
  script.lists.push(status(404, 'NotFound'));
  await informer.start().ready();
  assert.equal(informer.staleSince, undefined);
});
