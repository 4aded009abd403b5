import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { indent } from './pretty.ts';

test('JSON is indented as JSON.stringify does it, in pieces', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const pieces = [...indent(JSON.stringify(value), 20)];
      assert.equal(pieces.join(''), JSON.stringify(value, undefined, 2));
    }),
  );
});
