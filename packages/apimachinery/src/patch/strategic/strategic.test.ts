import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../json/json.ts';
import type { Json } from '../../meta/types.ts';
import type { Schema } from '../../schema/schema.ts';
import { applyStrategicMergePatch } from './strategic.ts';

const named: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    value: { type: 'string' },
    ports: {
      type: 'array',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'port',
      items: {
        type: 'object',
        properties: { port: { type: 'integer' }, name: { type: 'string' } },
      },
    },
  },
};

const schema: Schema = {
  type: 'object',
  properties: {
    list: {
      type: 'array',
      items: named,
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    },
    atomic: { type: 'array', items: named },
    words: { type: 'array', items: { type: 'string' }, 'x-kubernetes-patch-strategy': 'merge' },
    strategy: {
      type: 'object',
      'x-kubernetes-patch-strategy': 'retainKeys',
      properties: { type: { type: 'string' } },
    },
    map: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

const examples: [title: string, doc: JsonObject, patch: JsonObject, expected: JsonObject][] = [
  [
    'merges lists of maps by key, new elements first',
    { list: [{ name: 'a', value: '1' }, { name: 'b' }] },
    { list: [{ name: 'c' }, { name: 'a', value: '2' }] },
    { list: [{ name: 'c' }, { name: 'a', value: '2' }, { name: 'b' }] },
  ],
  [
    'merges nested lists by numbers',
    { list: [{ name: 'a', ports: [{ port: 80 }, { port: 81, name: 'x' }] }] },
    { list: [{ name: 'a', ports: [{ port: 81, name: 'y' }] }] },
    { list: [{ name: 'a', ports: [{ port: 80 }, { port: 81, name: 'y' }] }] },
  ],
  [
    'replaces other lists',
    { atomic: [{ name: 'a' }] },
    { atomic: [{ name: 'b' }] },
    { atomic: [{ name: 'b' }] },
  ],
  ['null removes', { map: { a: '1', b: '2' } }, { map: { a: null, c: null } }, { map: { b: '2' } }],
  ['null is not kept for a missing field', {}, { map: { a: null, b: '1' } }, { map: { b: '1' } }],
  [
    '$patch: delete of an element',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { list: [{ name: 'a', $patch: 'delete' }] },
    { list: [{ name: 'b' }] },
  ],
  [
    '$patch: replace of a list',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { list: [{ $patch: 'replace' }, { name: 'c' }] },
    { list: [{ name: 'c' }] },
  ],
  [
    'an element that says replace replaces the list and is not kept itself',
    { list: [{ name: 'a' }, { name: 'b' }] },
    { list: [{ name: 'c', $patch: 'replace' }, { name: 'd' }] },
    { list: [{ name: 'd' }] },
  ],
  [
    'new elements of a list are added unchanged, with nulls and directives',
    { list: [{ name: 'a' }] },
    { list: [{ name: 'b', value: null, ports: [{ port: 1, $patch: 'delete' }] }] },
    { list: [{ name: 'b', value: null, ports: [{ port: 1, $patch: 'delete' }] }, { name: 'a' }] },
  ],
  [
    'new fields of a map are added without directives and nulls',
    {},
    { map: { a: null, b: { $patch: 'merge' }, c: '1' } },
    { map: { c: '1' } },
  ],
  [
    'of several elements with one key the first is merged',
    { list: [{ name: 'a', value: '1' }, { name: 'a' }] },
    { list: [{ name: 'a', value: '2' }] },
    { list: [{ name: 'a', value: '2' }, { name: 'a' }] },
  ],
  [
    '$patch: replace of a map',
    { map: { a: '1' } },
    { map: { $patch: 'replace', b: '2' } },
    { map: { b: '2' } },
  ],
  ['$patch: delete of a map', { map: { a: '1' } }, { map: { $patch: 'delete' } }, { map: {} }],
  [
    '$retainKeys',
    { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    { strategy: { type: 'Recreate' } },
  ],
  [
    '$setElementOrder',
    { list: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    { '$setElementOrder/list': [{ name: 'c' }, { name: 'a' }], list: [{ name: 'a', value: '1' }] },
    { list: [{ name: 'b' }, { name: 'c' }, { name: 'a', value: '1' }] },
  ],
  [
    '$deleteFromPrimitiveList',
    { words: ['a', 'b', 'c'] },
    { '$deleteFromPrimitiveList/words': ['b'], words: ['d'] },
    { words: ['d', 'a', 'c'] },
  ],
  [
    'lists of primitives are united',
    { words: ['a', 'b'] },
    { words: ['b', 'c'] },
    { words: ['a', 'b', 'c'] },
  ],
];

for (const [title, doc, patch, expected] of examples) {
  test(title, () => {
    const before = JSON.stringify([doc, patch]);
    assert.deepEqual(applyStrategicMergePatch(doc, patch, schema), expected);
    assert.equal(JSON.stringify([doc, patch]), before);
  });
}

test('refuses patches that cannot be merged', () => {
  const doc = { list: [{ name: 'a' }] };
  assert.throws(() => applyStrategicMergePatch(doc, { list: [{ value: 'x' }] }, schema), {
    code: 500,
    message: 'map: map[value:x] does not contain declared merge key: name',
  });

  assert.throws(() => applyStrategicMergePatch(doc, { list: [{ $patch: 'nope' }] }, schema), {
    code: 500,
    message: 'unknown patch type: nope in map: map[$patch:nope]',
  });

  assert.throws(() => applyStrategicMergePatch({ map: {} }, { map: { $patch: 'merge' } }, schema), {
    code: 500,
    message: 'unknown patch type: merge in map: map[$patch:merge]',
  });

  const order = {
    list: [{ name: 'b' }, { name: 'a' }],
    '$setElementOrder/list': [{ name: 'a' }, { name: 'b' }],
  };

  assert.throws(() => applyStrategicMergePatch(doc, order, schema), {
    code: 500,
    message:
      "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n",
  });

  const behindTheOrder = {
    list: [{ name: 'a' }, { $patch: 'replace' }],
    '$setElementOrder/list': [{ name: 'a' }],
  };

  assert.throws(() => applyStrategicMergePatch(doc, behindTheOrder, schema), {
    code: 500,
    message: /doesn't match \$setElementOrder list/,
  });

  assert.deepEqual(
    applyStrategicMergePatch(doc, { map: { $patch: 'replace', a: '1' } }, schema),
    doc,
  );
});

test('reaches no prototype', () => {
  const patch = JSON.parse(
    '{"__proto__":{"polluted":1},"map":{"constructor":"x","__proto__":"y"}}',
  );
  const patched = applyStrategicMergePatch({ map: { a: '1' } }, patch, schema);

  assert.equal(({} as JsonObject).polluted, undefined);
  assert.equal(JSON.stringify(patched.map), '{"a":"1","constructor":"x","__proto__":"y"}');
});

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');

const elements = fc.uniqueArray(
  fc.record({ name, value: fc.string() }, { requiredKeys: ['name'] }),
  {
    selector: (item) => item.name,
  },
);

test('every element of document and patch appears once, the patch wins, and patching again changes nothing', () => {
  fc.assert(
    fc.property(elements, elements, (before, patch) => {
      const patched = applyStrategicMergePatch(
        { list: before as Json[] },
        { list: patch as Json[] },
        schema,
      );

      const list = patched.list as JsonObject[];
      const names = list.map((item) => item.name);

      assert.equal(new Set(names).size, names.length);
      assert.deepEqual(new Set(names), new Set([...before, ...patch].map((item) => item.name)));

      for (const item of patch) {
        if (item.value !== undefined) {
          assert.equal(list.find((other) => other.name === item.name)?.value, item.value);
        }
      }

      assert.deepEqual(
        applyStrategicMergePatch(patched, { list: patch as Json[] }, schema),
        patched,
      );
    }),
  );
});
