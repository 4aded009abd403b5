import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../meta/types.ts';
import { applyJsonPatch } from './json-patch.ts';

const doc = () => ({ a: 'b', list: [1, 2, 3], 'x/y': { '~': 1 } });

test('performs the operations of RFC 6902', () => {
  const patched = applyJsonPatch(doc(), [
    { op: 'test', path: '/a', value: 'b' },
    { op: 'add', path: '/c', value: { d: 1 } },
    { op: 'copy', from: '/c', path: '/e' },
    { op: 'replace', path: '/e/d', value: 2 },
    { op: 'move', from: '/a', path: '/c/a' },
    { op: 'remove', path: '/list/0' },
    { op: 'add', path: '/list/-', value: 4 },
    { op: 'add', path: '/list/-1', value: 5 },
    { op: 'remove', path: '/x~1y/~0' },
  ]);

  assert.deepEqual(patched, { list: [2, 3, 4, 5], c: { d: 1, a: 'b' }, e: { d: 2 }, 'x/y': {} });
});

test('answers 422 like Kubernetes when a patch does not apply', () => {
  const failing: Json[] = [
    { op: 'test', path: '/a', value: 'c' },
    { op: 'remove', path: '/nope' },
    { op: 'replace', path: '/nope/nope', value: 1 },
    { op: 'add', path: '/list/9', value: 1 },
    { op: 'add', path: '/list/x', value: 1 },
    { op: 'move', from: '/list', path: '/list/0' },
    { op: 'nope', path: '/a' },
    { op: 'replace', path: '', value: 1 },
    { op: 'add', value: 1 },
  ];

  for (const operation of failing) {
    assert.throws(() => applyJsonPatch(doc(), [operation]), {
      code: 422,
      message: 'the server rejected our request due to an error in our request',
    });
  }
});

test('answers 400 for an invalid patch and 413 for too many operations', () => {
  assert.throws(() => applyJsonPatch(doc(), {}), {
    code: 400,
    message:
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  });

  assert.throws(() => applyJsonPatch(doc(), [1]), { code: 400 });

  assert.throws(
    () => applyJsonPatch(doc(), Array(10_001).fill({ op: 'test', path: '/a', value: 'b' })),
    { code: 413 },
  );
});

test('the size of copies is limited', () => {
  const operations = Array.from({ length: 40 }, () => ({
    op: 'copy',
    from: '/list',
    path: '/list/-',
  }));

  assert.throws(() => applyJsonPatch(doc(), operations), { code: 422 });
});

test('reaches no prototype', () => {
  for (const path of [
    '/__proto__/polluted',
    '/constructor/prototype/polluted',
    '/list/__proto__/polluted',
  ]) {
    assert.throws(() => applyJsonPatch(doc(), [{ op: 'add', path, value: 1 }]), { code: 422 });
  }

  const patched = applyJsonPatch(doc(), [
    { op: 'add', path: '/__proto__', value: { polluted: 1 } },
  ]);
  assert.equal((patched as Record<string, unknown>).polluted, undefined);
  assert.match(JSON.stringify(patched), /"__proto__":\{"polluted":1\}/);
});

test('never changes its arguments', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (value, key) => {
      const before = JSON.stringify(value);

      applyJsonPatch(value as never, [
        { op: 'add', path: `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value: 1 },
      ]);
      assert.equal(JSON.stringify(value), before);
    }),
  );
});
