import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentKind } from '@ks-apiserver/search/query/documents';
import type { Order, Search } from '@ks-apiserver/search/query/search';
import type { SearchBackend } from '@ks-apiserver/search/query/search-backend';
import { SUITE_CASES } from './suite-cases.ts';
import { SUITE_DOCUMENTS } from './suite-documents.ts';

const never = new AbortController().signal;
const ALL: Search = { scopes: undefined, conditions: [], range: {} };
const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

/** Returns the ids of the documents that a search finds, and how many there are in all. */
async function find(
  backend: SearchBackend,
  search: Search,
  order: Order = 'asc',
  from = 0,
  size = 100,
) {
  const { total, documents } = await backend.query(search, { order, from, size }, never);
  const ids = documents.map((bytes) => JSON.parse(Buffer.from(bytes).toString()).id);

  return { total, ids: ids.join(' ') };
}

/**
 * Registers tests of what searches mean, on backends that hold the documents of the suite. Each
 * backend passes the same.
 */
export function checkMeaning(backendOf: (kind: DocumentKind) => SearchBackend): void {
  for (const { kind, name, search, found } of SUITE_CASES) {
    test(`${kind}: ${name}`, async () => {
      const total = found === '' ? 0 : found.split(' ').length;
      assert.deepEqual(await find(backendOf(kind), { ...ALL, ...search }), { total, ids: found });
    });
  }

  test('pages are parts of the same order, whatever their size', async () => {
    const logs = backendOf('logs');

    assert.deepEqual(await find(logs, ALL, 'desc', 0, 3), { total: 8, ids: 'l8 l7 l6' });
    assert.deepEqual(await find(logs, ALL, 'desc', 3, 3), { total: 8, ids: 'l5 l4 l3' });
    assert.deepEqual(await find(logs, ALL, 'asc', 6, 3), { total: 8, ids: 'l7 l8' });
    assert.deepEqual(await find(logs, ALL, 'asc', 20, 3), { total: 8, ids: '' });
    assert.deepEqual(await find(backendOf('events'), ALL, 'asc', 0, 0), { total: 4, ids: '' });
  });

  test('documents come back as they were stored', async () => {
    const { documents } = await backendOf('auditing').query(
      ALL,
      { order: 'asc', from: 0, size: 1 },
      never,
    );

    assert.equal(
      Buffer.from(documents[0] ?? new Uint8Array()).toString(),
      JSON.stringify(SUITE_DOCUMENTS.auditing[0]),
    );
  });

  test('statistics count documents and the different values of a field', async () => {
    assert.deepEqual(await backendOf('logs').statistics(ALL, never), { total: 8, distinct: 6 });
    assert.deepEqual(await backendOf('events').statistics(ALL, never), { total: 4, distinct: 3 });
    assert.deepEqual(await backendOf('auditing').statistics(ALL, never), {
      total: 3,
      distinct: 3,
    });
  });

  test('a histogram has all intervals from the first document to the last', async () => {
    const range = { end: at('2026-05-10T12:00:00Z') };
    const { total, buckets } = await backendOf('logs').histogram({ ...ALL, range }, '30m', never);
    const start = at('2026-05-10T08:00:00Z');

    assert.equal(total, 4);
    assert.deepEqual(buckets, [
      { time: start, count: 3 },
      { time: start + HOUR / 2, count: 0 },
      { time: start + HOUR, count: 1 },
    ]);
  });

  test('intervals of days and months follow the calendar', async () => {
    const events = backendOf('events');

    assert.deepEqual((await events.histogram(ALL, '1d', never)).buckets, [
      { time: at('2026-05-10T00:00:00Z'), count: 3 },
      { time: at('2026-05-11T00:00:00Z'), count: 1 },
    ]);
    assert.deepEqual((await events.histogram(ALL, '1M', never)).buckets, [
      { time: at('2026-05-01T00:00:00Z'), count: 4 },
    ]);
    assert.deepEqual((await events.histogram(ALL, '1w', never)).buckets, [
      { time: at('2026-05-04T00:00:00Z'), count: 3 },
      { time: at('2026-05-11T00:00:00Z'), count: 1 },
    ]);
  });

  test('an interval that is none is refused', async () => {
    await assert.rejects(backendOf('events').histogram(ALL, 'often', never), {
      failure: 'refused',
    });
  });

  test('a histogram of nothing has no intervals', async () => {
    const range = { end: 0 };
    const search = { ...ALL, range };

    assert.deepEqual(await backendOf('logs').histogram(search, '1h', never), {
      total: 0,
      buckets: [],
    });
  });

  test('an export has all lines, newest first', async () => {
    let text = '';
    for await (const batch of backendOf('logs').export(ALL, never)) {
      text += batch.join('');
    }

    assert.equal(
      text,
      SUITE_DOCUMENTS.logs
        .toReversed()
        .map(({ log }) => log)
        .join(''),
    );
  });
}
