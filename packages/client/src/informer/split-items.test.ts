import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitItems } from './split-items.ts';

test('any list is split into the JSON of its items', () => {
  const item = fc.record({
    metadata: fc.object({ key: fc.string() }),
    'items"\\': fc.jsonValue(),
    items: fc.array(fc.string()),
  });

  fc.assert(
    fc.property(fc.array(item), fc.string(), fc.boolean(), (items, name, pretty) => {
      const list = {
        metadata: { resourceVersion: '7', note: `"items":[${name}` },
        kind: 'List',
        items,
      };

      const { items: cut, list: rest } = splitItems(
        Buffer.from(JSON.stringify(list, null, pretty ? 1 : 0)),
      );

      assert.deepEqual(
        cut.map((bytes) => JSON.parse(bytes.toString())),
        JSON.parse(JSON.stringify(items)),
      );

      assert.equal(rest.metadata?.resourceVersion, '7');
    }),
  );
});

test('null and missing items are an empty list; a broken list is an error', () => {
  assert.deepEqual(splitItems(Buffer.from('{"items":null,"metadata":{}}')).items, []);
  assert.deepEqual(splitItems(Buffer.from('{"metadata":{}}')).items, []);

  for (const broken of ['{"items":[{"a":1', '{"items":[{"a":"', '{"items":[{}', '{"metadata":']) {
    assert.throws(() => splitItems(Buffer.from(broken)));
  }
});
