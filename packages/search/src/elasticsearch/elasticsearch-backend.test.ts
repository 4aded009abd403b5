import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeCluster, json } from '@ks-apiserver/search/test/fake-cluster';
import type { DocumentKind } from '../query/documents.ts';
import { AUDIT_FIELDS } from '../query/documents.ts';
import type { Search } from '../query/search.ts';
import { ElasticsearchBackend } from './elasticsearch-backend.ts';

const ALL: Search = { scopes: undefined, conditions: [], range: {} };
const PAGE = { order: 'desc', from: 0, size: 10 } as const;
const never = new AbortController().signal;
const opened: ElasticsearchBackend[] = [];
let cluster: FakeCluster;

before(async () => {
  cluster = await FakeCluster.start();
});

afterEach(async () => {
  cluster.take();
  await Promise.all(opened.splice(0).map((backend) => backend.close()));
});

after(() => cluster.stop());

function open(kind: DocumentKind, options: object = {}): ElasticsearchBackend {
  const backend = new ElasticsearchBackend({
    kind,
    indexPrefix: kind,
    hosts: cluster.url,
    version: '7',
    timeoutMs: 5000,
    ...options,
  });

  opened.push(backend);

  return backend;
}

const hits = (total: unknown, sources: readonly object[], more: object = {}) =>
  json({ hits: { total, hits: sources.map((_source) => ({ _source })) }, ...more });

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    all.push(item);
  }

  return all;
}

const texts = (documents: readonly Uint8Array[]) =>
  documents.map((document) => Buffer.from(document).toString());

test('a page holds the documents as they are stored', async () => {
  cluster.answer = hits({ value: 3, relation: 'eq' }, [{ b: 1, a: 'x' }]);
  const { total, documents } = await open('events').query(ALL, PAGE, never);

  assert.equal(total, 3);
  assert.deepEqual(texts(documents), ['{"b":1,"a":"x"}']);

  const [request] = cluster.take();
  assert.equal(request?.url, '/events*/_search?ignore_unavailable=true');
  assert.deepEqual(request?.body, {
    from: 0,
    size: 10,
    sort: [{ lastTimestamp: { order: 'desc' } }],
    query: { bool: {} },
  });
});

test('a total at which the server stopped counting is asked for', async () => {
  cluster.answer = ({ url }, response) =>
    (url.includes('_count')
      ? json({ count: 123_456 })
      : hits({ value: 10_000, relation: 'gte' }, []))({ url } as never, response);

  assert.equal((await open('auditing').query(ALL, PAGE, never)).total, 123_456);
  assert.equal((await open('auditing').statistics(ALL, never)).total, 123_456);
});

test('the total of a histogram is that of its buckets where the server stopped counting', async () => {
  const buckets = [
    { key: 0, doc_count: 9000 },
    { key: 900_000, doc_count: 8000 },
  ];
  const aggregations = { events_count_over_timestamp: { buckets } };
  cluster.answer = hits({ value: 10_000, relation: 'gte' }, [], { aggregations });

  assert.deepEqual(await open('auditing').histogram(ALL, '15m', never), {
    total: 17_000,
    buckets: [
      { time: 0, count: 9000 },
      { time: 900_000, count: 8000 },
    ],
  });
});

test('a server of another version than configured is an error, and not a wrong number', async () => {
  cluster.answer = hits(5, []);
  await assert.rejects(open('events').query(ALL, PAGE, never), { failure: 'unavailable' });
  assert.equal((await open('events', { version: '6' }).query(ALL, PAGE, never)).total, 5);
});

test('an unknown version is found out once, and intervals are named as it wants', async () => {
  cluster.answer = ({ url }, response) =>
    (url === '/' ? json({ version: { number: '8.11.0' } }) : hits({ value: 0 }, []))(
      { url } as never,
      response,
    );

  const backend = open('logs', { version: '' });
  await backend.histogram(ALL, '15m', never);
  await backend.histogram(ALL, '1M', never);

  const requests = cluster.take();
  const histogramOf = (body: unknown) => Object.values((body as { aggs: object }).aggs)[0];

  assert.deepEqual(
    requests.map(({ url }) => url.split('?')[0]),
    ['/', '/logs*/_search', '/logs*/_search'],
  );
  assert.deepEqual(histogramOf(requests[1]?.body).date_histogram, {
    field: 'time',
    fixed_interval: '15m',
  });
  assert.deepEqual(histogramOf(requests[2]?.body).date_histogram, {
    field: 'time',
    calendar_interval: '1M',
  });
});

test('nothing is asked where nothing can be found', async () => {
  const backend = open('logs');
  const backwards = { ...ALL, range: { start: Date.now(), end: 0 } };

  for (const search of [{ ...ALL, scopes: [] }, backwards]) {
    assert.deepEqual(await backend.query(search, PAGE, never), { total: 0, documents: [] });
    assert.deepEqual(await backend.statistics(search, never), { total: 0, distinct: 0 });
    assert.deepEqual(await backend.histogram(search, '1h', never), { total: 0, buckets: [] });
    assert.deepEqual(await collect(backend.export(search, never)), []);
  }

  assert.deepEqual(cluster.take(), []);
});

test('an error of the server is told in the words of each kind', async () => {
  const error = { type: 'parsing_exception', reason: 'no [x]' };
  cluster.answer = json({ error, status: 400 }, 400);

  await assert.rejects(open('logs').query(ALL, PAGE, never), {
    failure: 'refused',
    message: 'type: parsing_exception, reason: no [x]',
  });
  await assert.rejects(open('events').query(ALL, PAGE, never), {
    message: `[400 Bad Request] ${JSON.stringify({ error, status: 400 })}`,
  });
});

test('what is no result, a redirect and a dropped connection are errors', async () => {
  for (const kind of ['logs', 'auditing'] as const) {
    for (const text of [
      '',
      '<html>',
      'null',
      '"x"',
      '{"hits":{"total":',
      '{"hits":{"total":{"value":1},"hits":[{"_source":{"a"',
    ]) {
      cluster.answer = (_, response) => void response.end(text);
      await assert.rejects(open(kind).query(ALL, PAGE, never), { failure: 'unavailable' });
    }

    cluster.answer = (_, response) =>
      void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    await assert.rejects(open(kind).query(ALL, PAGE, never), { failure: 'refused' });
    cluster.answer = () => false;
    await assert.rejects(open(kind).query(ALL, PAGE, never), { failure: 'unavailable' });
  }
});

test('the next host is asked when one cannot be reached, and stays the one that is asked', async () => {
  cluster.answer = hits({ value: 1 }, []);
  const backend = open('logs', { hosts: `http://127.0.0.1:1, ${cluster.url}/base/` });

  assert.equal((await backend.query(ALL, PAGE, never)).total, 1);
  assert.equal((await backend.query(ALL, PAGE, never)).total, 1);
  assert.match(cluster.take()[0]?.url ?? '', /^\/base\/logs\*\/_search/);
});

test('credentials come from the options or the URL', async () => {
  cluster.answer = hits({ value: 0 }, []);
  const inUrl = cluster.url.replace('//', '//reader:p%40ss@');

  const sent = async (options: object) => {
    await open('logs', options).query(ALL, PAGE, never);
    return cluster.take()[0]?.authorization;
  };

  assert.equal(await sent({}), undefined);
  assert.equal(await sent({ hosts: inUrl }), `Basic ${btoa('reader:p@ss')}`);
  assert.equal(await sent({ username: 'a', password: 'b' }), `Basic ${btoa('a:b')}`);
  assert.equal(await sent({ username: 'a', apiKey: 'key' }), 'ApiKey key');
});

test('options that cannot be used are refused', () => {
  for (const hosts of ['', ',', 'ftp://x', 'http://', 'http://a?b=c']) {
    assert.throws(() => open('logs', { hosts }), TypeError);
  }
  assert.throws(() => open('logs', { version: '2' }), TypeError);
});

test('a search ends with its caller and at its deadline', async () => {
  cluster.answer = () => {};

  const caller = new AbortController();
  const searching = open('logs').query(ALL, PAGE, caller.signal);
  setTimeout(() => caller.abort(new Error('gone')), 50);
  await assert.rejects(searching, /gone/);

  const late = open('logs', { timeoutMs: 50 }).query(ALL, PAGE, never);
  await assert.rejects(late, { failure: 'timeout' });
});

test('an export reads page by page and closes its context', async () => {
  const pages: Record<string, ReturnType<typeof hits>> = {
    one: hits({ value: 3 }, [{ log: 'c\n' }], { _scroll_id: 'two' }),
    two: hits({ value: 3 }, [], { _scroll_id: 'three' }),
  };

  cluster.answer = (received, response) => {
    const [, id] = /scroll_id=(\w+)/.exec(received.url) ?? [];
    const first = hits({ value: 3 }, [{ log: 'a\n' }, { other: 1 }], { _scroll_id: 'one' });
    (pages[id ?? ''] ?? first)(received, response);
  };

  const batches = await collect(open('logs').export(ALL, never));
  assert.deepEqual(batches, [['a\n', ''], ['c\n']]);

  const requests = cluster.take();
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    [
      'GET /logs*/_search?ignore_unavailable=true&scroll=60000ms',
      'GET /_search/scroll?scroll=60000ms&scroll_id=one',
      'GET /_search/scroll?scroll=60000ms&scroll_id=two',
      'DELETE /_search/scroll',
    ],
  );
  assert.deepEqual(requests.at(-1)?.body, { scroll_id: ['three'] });
});

test('an export that is left early, or fails, closes its context too', async () => {
  const page = hits({ value: 9 }, [{ log: 'a' }], { _scroll_id: 'x' });
  cluster.answer = page;

  for await (const batch of open('logs').export(ALL, never)) {
    assert.deepEqual(batch, ['a']);
    break;
  }

  assert.deepEqual(cluster.take().at(-1)?.body, { scroll_id: ['x'] });

  cluster.answer = (received, response) =>
    (received.url.startsWith('/_search') && received.method === 'GET' ? json({}, 500) : page)(
      received,
      response,
    );
  await assert.rejects(collect(open('logs').export(ALL, never)), { failure: 'refused' });
  assert.equal(cluster.take().at(-1)?.method, 'DELETE');
});

test('contexts of statistics expire, or are closed together when they are many', async () => {
  cluster.answer = hits({ value: 1 }, [], {
    _scroll_id: 'x',
    aggregations: { container_count: { value: 4 } },
  });
  const backend = open('logs');

  for (let i = 0; i < 40; i++) {
    assert.deepEqual(await backend.statistics(ALL, never), { total: 1, distinct: 4 });
  }

  await sleep(100);
  const closed = cluster.take().filter(({ method }) => method === 'DELETE');
  assert.deepEqual(
    closed.map(({ body }) => (body as { scroll_id: string[] }).scroll_id.length),
    [32],
  );
});

test('a long context id does not go into the URL', async () => {
  const id = 'x'.repeat(5000);
  cluster.answer = (received, response) =>
    hits({ value: 1 }, received.url.includes('scroll=') ? [{ log: 'a' }] : [], { _scroll_id: id })(
      received,
      response,
    );

  assert.equal((await collect(open('logs').export(ALL, never))).length, 1);
  assert.deepEqual(cluster.take()[1]?.body, { scroll: '60000ms', scroll_id: id });
});

test('where a server refuses phrases for keywords, beginnings are searched by prefixes from then on', async () => {
  const reason =
    'Can only use phrase prefix queries on text fields - not on [ObjectRef.Resource.keyword] which is of type [keyword]';
  const refused = json({ error: { type: 'search_phase_execution_exception', reason } }, 400);
  const found = hits({ value: 1, relation: 'eq' }, [{ a: 1 }]);

  cluster.answer = (request, response) =>
    JSON.stringify(request.body).includes('match_phrase_prefix')
      ? refused(request, response)
      : found(request, response);

  const backend = open('auditing');
  const search: Search = {
    ...ALL,
    conditions: [[{ match: 'phrase-prefix', field: AUDIT_FIELDS.resource, value: 'pod' }]],
  };

  assert.equal((await backend.query(search, PAGE, never)).total, 1);
  assert.equal(cluster.take().length, 2);

  assert.equal((await backend.statistics(search, never)).total, 1);
  assert.equal(cluster.take().length, 1);
});
