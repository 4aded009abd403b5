import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { searchText } from '../search/search-text.ts';
import { Columns } from './columns.ts';

const entryOf = (object: KubeObject) => makeEntry(object, Buffer.from(JSON.stringify(object)));

test('each object is read once for all columns, and again only when it has changed', async () => {
  const columns = new Columns();
  const entries = Array.from({ length: 200 }, (_, i) =>
    entryOf({ metadata: { name: `n${i}` }, spec: { i } }),
  );
  let read = 0;

  const column = columns.get('i', ({ spec }) => {
    read += 1;
    return spec.i;
  });

  await Promise.all([columns.fill(entries, [column]), columns.fill(entries, [column])]);
  assert.equal(read, 200);

  assert.equal(
    columns.get('i', () => assert.fail('is there already')),
    column,
  );

  entries[7] = entryOf({ metadata: { name: 'n7' }, spec: { i: 'new' } });

  const found = await columns.filter(entries, [column], (entry) => column.of(entry) === 'new');
  assert.deepEqual([found.length, read], [1, 201]);
});

test('a long list is read in slices: timers run meanwhile', async () => {
  const columns = new Columns();
  const filler = 'x'.repeat(10_000);
  const entries = Array.from({ length: 4000 }, (_, i) =>
    entryOf({ metadata: { name: `n${i}` }, spec: { filler } }),
  );
  let turns = 0;
  const timer = setInterval(() => turns++, 1);

  await columns.fill(entries, [columns.get('filler', ({ spec }) => spec.filler.length)]);
  clearInterval(timer);
  assert.ok(turns > 0, 'no timer ran');
});

test('unused columns are dropped when all hold too much', async () => {
  const columns = new Columns();
  const filler = 'x'.repeat(1_000_000);
  const entries = Array.from({ length: 40 }, (_, i) => entryOf({ metadata: { name: `n${i}` } }));
  const first = columns.get('first', () => filler);

  await columns.fill(entries, [first]);

  const second = columns.get('second', () => filler);
  await columns.fill(entries, [second]);

  assert.equal(
    columns.get('second', () => ''),
    second,
  );

  assert.notEqual(
    columns.get('first', () => ''),
    first,
  );
});

test('words are searched in this text', () => {
  const text = (resource: string, object: KubeObject) =>
    searchText(resource, object, entryOf(object));

  const metadata = {
    name: 'Web',
    namespace: 'shop',
    labels: { Tier: 'front' },
    annotations: {
      'kubesphere.io/alias-name': 'Orders',
      'kubectl.kubernetes.io/last-applied-configuration': '{"secret":"value"}',
    },
  };

  const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'Nginx:1' }] };
  assert.equal(
    text('pods', { metadata, spec, status: { podIP: '10.0.0.1' } }),
    'web\nshop\ntier=front\norders\nn1\nc\nnginx:1\n10.0.0.1',
  );

  // A kind of the same name with another structure.
  assert.equal(
    text('services', { metadata, spec: { externalIPs: 5 } }),
    'web\nshop\ntier=front\norders',
  );

  assert.ok(
    text('pods', { metadata: { name: 'a', labels: { long: 'x'.repeat(10_000) } } }).length <= 4096,
  );
});
