import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../meta/types.ts';
import { applyMergePatch } from './merge-patch.ts';

test('examples of RFC 7386', () => {
  const examples: [Json, Json, Json][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];

  for (const [doc, patch, expected] of examples) {
    assert.deepEqual(applyMergePatch(doc as never, patch), expected);
  }
});

test('refuses a patch that is no object', () => {
  assert.throws(() => applyMergePatch({}, []), {
    code: 400,
    message:
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
  });

  assert.throws(() => applyMergePatch({}, null), { message: 'Invalid JSON Patch' });
});

test('reaches no prototype', () => {
  const patch = JSON.parse(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  );
  const patched = applyMergePatch({ constructor: null } as never, patch);

  assert.equal(({} as Record<string, unknown>).polluted, undefined);

  assert.equal(
    JSON.stringify(patched),
    JSON.stringify({ constructor: { prototype: { polluted: 1 } } }).replace(
      '}}}',
      '}},"__proto__":{"polluted":1}}',
    ),
  );
});
