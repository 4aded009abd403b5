import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readText, splitItems } from './split-items.ts';

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
        cut.map(({ bytes }) => JSON.parse(bytes.toString())),
        JSON.parse(JSON.stringify(items)),
      );

      assert.equal(rest.metadata?.resourceVersion, '7');
    }),
  );
});

test('lists of the given names are left out of the text of an item, and nothing else', () => {
  const name = fc.constantFrom('managedFields', 'env', 'e\\"nv', 'other', '"env":[');
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      name,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  })).value;

  const emptied = (given: unknown): unknown => {
    if (Array.isArray(given)) {
      return given.map(emptied);
    }
    if (typeof given !== 'object' || given === null) {
      return given;
    }

    return Object.fromEntries(
      Object.entries(given).map(([key, each]) => [
        key,
        Array.isArray(each) && (key === 'managedFields' || key === 'env') ? [] : emptied(each),
      ]),
    );
  };

  fc.assert(
    fc.property(fc.array(fc.dictionary(name, value)), (objects) => {
      const items = JSON.parse(JSON.stringify(objects));
      const { items: split } = splitItems(Buffer.from(JSON.stringify({ items })), [
        'managedFields',
        'env',
      ]);

      assert.deepEqual(
        split.map(({ bytes }) => JSON.parse(bytes.toString())),
        items,
      );
      assert.deepEqual(
        split.map((item) => JSON.parse(readText(item))),
        items.map(emptied),
      );
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
