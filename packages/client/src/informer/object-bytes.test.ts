import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectBytes } from './object-bytes.ts';

test('an object has memory of its own', () => {
  const bytes = objectBytes(Buffer.from('{"kind":"Pod",'), Buffer.from('"metadata":{}}'));
  assert.equal(bytes.toString(), '{"kind":"Pod","metadata":{}}');
  assert.equal(bytes.buffer.byteLength, bytes.byteLength);
});
