import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkMeaning } from '@ks-apiserver/search/test/meaning-suite';
import { dayOf, SUITE_DOCUMENTS } from '@ks-apiserver/search/test/suite-documents';
import type { DocumentKind } from '../query/documents.ts';
import type { Search } from '../query/search.ts';
import { SqliteStore, type StoreOptions } from './sqlite-store.ts';

const PROGRAM = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const PAGE = { order: 'desc', from: 0, size: 10 } as const;
const ALL: Search = { scopes: undefined, conditions: [], range: {} };
const never = new AbortController().signal;
const folders: string[] = [];
const stores: SqliteStore[] = [];
const warnings: string[] = [];

function open(options: Partial<StoreOptions> = {}): SqliteStore {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'search-store-'));
  folders.push(folder);

  const store = new SqliteStore({
    folder,
    program: PROGRAM,
    retentionDays: 100_000,
    maxBytes: 1e9,
    timeoutMs: 20_000,
    prefixes: { logs: 'my-logs', events: 'my-events', auditing: 'my-audit' },
    onWarning: (message) => warnings.push(message),
    ...options,
  });

  stores.push(store);

  return store;
}

after(async () => {
  await Promise.all(stores.map((store) => store.close()));
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

const bytes = (text: string) => new TextEncoder().encode(text);

async function bulk(store: SqliteStore, lines: readonly object[], index = '') {
  const body = bytes(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return JSON.parse(new TextDecoder().decode(await store.bulk(index, body)));
}

const create = (index: string, document: object, id?: string) => [
  { create: { _index: index, ...(id !== undefined && { _id: id }) } },
  document,
];

async function total(store: SqliteStore, kind: DocumentKind, search = ALL): Promise<number> {
  return (await store.backend(kind).query(search, PAGE, never)).total;
}

describe('the meaning of searches', () => {
  let store: SqliteStore;

  before(async () => {
    store = open();

    for (const kind of ['logs', 'events', 'auditing'] as const) {
      const answer = await bulk(
        store,
        SUITE_DOCUMENTS[kind].flatMap((document) =>
          create(`ks-logstash-${kind === 'logs' ? 'log' : kind}-${dayOf(document)}`, document),
        ),
      );
      assert.equal(answer.errors, false);
    }
  });

  checkMeaning((kind) => store.backend(kind));
});

test('kinds follow from names of indices, configured ones first', async () => {
  const store = open();
  const time = new Date().toISOString();

  await bulk(store, [
    ...create('my-events-2026.05.10', { lastTimestamp: time }),
    ...create('ks-logstash-events-2026.05.10', { lastTimestamp: time }),
    ...create('my-audit-x', { RequestReceivedTimestamp: time }),
    ...create('logstash-2026.05.10', { log: 'x', time }),
  ]);

  assert.equal(await total(store, 'events'), 2);
  assert.equal(await total(store, 'auditing'), 1);
  assert.equal(await total(store, 'logs'), 1);
});

test('each document has its own result, and a broken one harms no other', async () => {
  const store = open();
  const body = [
    '{"create":{"_index":"my-logs"}}',
    '{"log":"a"}',
    '{"index":{"_id":"i"}}',
    'no json',
    '{"create":{}}',
    '[1]',
    '{"delete":{"_id":"i"}}',
    '',
    '{"index":{"_index":"my-logs"}}',
    '{"log":"b"}',
    '',
  ].join('\n');

  const answer = JSON.parse(new TextDecoder().decode(await store.bulk('my-logs', bytes(body))));

  assert.equal(answer.errors, true);
  assert.deepEqual(
    answer.items.map((item: object) => Object.values(item)[0].status),
    [201, 400, 400, 400, 201],
  );
  assert.equal(answer.items[1].index._id, 'i');
  assert.equal(await total(store, 'logs'), 2);
});

test('a body that is no bulk request is refused as a whole', async () => {
  const store = open();

  for (const body of ['x\n{}', '{"fly":{}}\n{}\n', '{"create":{}}', '[]\n{}']) {
    await assert.rejects(store.bulk('i', bytes(body)), { name: 'StoreSyntaxError' }, body);
  }
  assert.equal(await total(store, 'logs'), 0);
});

test('a document with an id is stored once', async () => {
  const store = open();
  const time = new Date().toISOString();

  for (let i = 0; i < 2; i++) {
    await bulk(store, [
      ...create('my-logs', { log: 'same', time }, 'one'),
      ...create('my-logs', { log: 'same', time }),
    ]);
    await store.append('events', [{ id: 'e', json: JSON.stringify({ lastTimestamp: time }) }]);
  }

  assert.equal(await total(store, 'logs'), 3);
  assert.equal(await total(store, 'events'), 1);
});

test('many documents of one millisecond keep their time and their number', async () => {
  const store = open();
  const time = '2026-05-10T23:59:59.999999999Z';
  await bulk(
    store,
    Array.from({ length: 300 }, (_, i) => create('my-logs', { log: `${i}`, time })).flat(),
  );

  const range = { start: Date.parse('2026-05-10T23:00:00Z') };
  const found = await store.backend('logs').query({ ...ALL, range }, { ...PAGE, size: 300 }, never);
  const times = found.documents.map((one) => JSON.parse(new TextDecoder().decode(one)).time);

  assert.equal(found.total, 300);
  assert.deepEqual([...new Set(times)], [time]);
});

test('the names of Vector are understood, and fields besides are kept', async () => {
  const store = open();
  const document = {
    message: 'hello',
    timestamp: '2026-05-10T08:00:00.5Z',
    kubernetes: { pod_name: 'p', pod_namespace: 'shop', container_name: 'c' },
    stream: 'stderr',
    level: { deep: [1] },
  };

  await bulk(store, create('vector-2026.05.10', document));
  const { documents } = await store.backend('logs').query(ALL, PAGE, never);

  assert.deepEqual(JSON.parse(new TextDecoder().decode(documents[0])), {
    log: 'hello',
    time: '2026-05-10T08:00:00.5Z',
    kubernetes: { ...document.kubernetes, namespace_name: 'shop' },
    stream: 'stderr',
    level: { deep: [1] },
  });
});

test('old days are deleted, late documents of them are not stored, early ones count as of now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'search-store-'));
  const first = open({ folder });
  const day = 86_400_000;
  const at = (days: number) => new Date(Date.now() + days * day).toISOString();

  for (const days of [-8, -3, 0]) {
    await bulk(first, create('my-logs', { log: 'x', time: at(days) }));
  }
  await first.close();
  stores.splice(stores.indexOf(first), 1);

  const store = open({ folder, retentionDays: 7 });
  await bulk(store, create('my-logs', { log: 'late', time: at(-8) }));
  await bulk(store, create('my-logs', { log: 'early', time: at(400) }));

  assert.equal(await total(store, 'logs'), 3);
  assert.equal(readdirSync(folder).filter((name) => name.endsWith('.db')).length, 2);
});

test('a store without room refuses documents and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'search-store-'));
  const first = open({ folder });
  await bulk(first, create('my-logs', { log: 'x' }));
  await first.close();
  stores.splice(stores.indexOf(first), 1);

  const store = open({ folder, maxBytes: 10 });
  await assert.rejects(bulk(store, create('my-logs', { log: 'y' })), { failure: 'busy' });
  assert.equal(await total(store, 'logs'), 1);
});

test('a damaged file is set aside, and its day begins anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'search-store-'));
  const today = new Date().toISOString().slice(0, 10);
  writeFileSync(join(folder, `logs-${today}.db`), 'no database at all, but long enough'.repeat(99));
  warnings.length = 0;

  const store = open({ folder });
  assert.equal(await total(store, 'logs'), 0);
  await bulk(store, create('my-logs', { log: 'x' }));
  assert.equal(await total(store, 'logs'), 1);
  assert.ok(readdirSync(folder).some((name) => name.includes('.corrupt-')));
  assert.match(warnings.join(), /set aside/);
});

test('more than may wait is refused, and nothing of it is stored', async () => {
  const store = open();
  const line = JSON.stringify({ log: 'x'.repeat(100_000) });
  const body = `{"create":{"_index":"my-logs"}}\n${line}\n`.repeat(120);

  const results = await Promise.allSettled(
    Array.from({ length: 6 }, () => store.bulk('', bytes(body))),
  );
  const refused = results.filter(({ status }) => status === 'rejected');

  assert.ok(refused.length >= 3, `${refused.length} were refused`);
  for (const result of refused) {
    assert.equal(result.status === 'rejected' && result.reason.failure, 'busy');
  }
  assert.equal(await total(store, 'logs'), (6 - refused.length) * 120);
});

test('searches end with their caller', async () => {
  const store = open();
  const caller = new AbortController();
  const searches = Array.from({ length: 20 }, () =>
    store.backend('logs').query(ALL, PAGE, caller.signal),
  );
  caller.abort(new Error('gone'));

  for (const result of await Promise.allSettled(searches)) {
    assert.equal(result.status, 'rejected');
  }
  assert.equal(await total(store, 'logs'), 0);
});

test('fields that are not stored cannot be searched', async () => {
  const field = { path: 'host', type: 'keyword' } as const;
  const conditions = [[{ match: 'phrase', field, value: 'x' } as const]];
  const store = open();
  await bulk(store, [...create('my-logs', { log: 'x' }), ...create('my-events', {})]);

  for (const kind of ['logs', 'events'] as const) {
    await assert.rejects(total(store, kind, { ...ALL, conditions }), { failure: 'refused' });
  }
});

test('quotes and signs of a phrase are no query language', async () => {
  const store = open();
  await bulk(store, create('my-logs', { log: 'say "a OR b" NOT near(c)' }));

  const field = { path: 'log', type: 'text' } as const;
  const count = (value: string) =>
    total(store, 'logs', { ...ALL, conditions: [[{ match: 'phrase-prefix', field, value }]] });

  assert.equal(await count('"a OR b"'), 1);
  assert.equal(await count('b" OR namespace : "n1'), 0);
  assert.equal(await count('NOT near(c)'), 1);
  assert.equal(await count('n1'), 0);
});
