import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectBytes, withComma } from './object-bytes.ts';

test('an object has its own memory, and a comma behind it', () => {
  const bytes = objectBytes(Buffer.from('{"kind":"Pod",'), Buffer.from('"metadata":{}}'));
  assert.equal(bytes.toString(), '{"kind":"Pod","metadata":{}}');
  assert.equal(bytes.buffer.byteLength, bytes.byteLength + 1);
  assert.equal(withComma(bytes)?.toString(), '{"kind":"Pod","metadata":{}},');
  assert.equal(withComma(bytes)?.buffer, bytes.buffer);
});

test('bytes of another make have none', () => {
  for (const bytes of [
    Buffer.from('{}'),
    Buffer.alloc(3).subarray(0, 2),
    objectBytes(Buffer.from('{}')).subarray(1),
  ]) {
    assert.equal(withComma(bytes), undefined);
  }
});
