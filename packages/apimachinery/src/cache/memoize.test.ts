import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoize } from './memoize.ts';

test('a value is computed once and dropped when others were used more recently', () => {
  const computed: string[] = [];
  const upper = memoize(2, (text) => {
    computed.push(text);
    return text.toUpperCase();
  });

  assert.equal(upper('a'), 'A');
  assert.equal(upper('b'), 'B');
  assert.equal(upper('a'), 'A');
  assert.equal(upper('c'), 'C');
  assert.equal(upper('a'), 'A');
  assert.equal(upper('b'), 'B');
  assert.deepEqual(computed, ['a', 'b', 'c', 'b']);
});

test('a failure is not remembered', () => {
  let isBroken = true;
  const length = memoize(10, (text) => {
    if (isBroken) {
      throw new Error('broken');
    }
    return text.length;
  });

  assert.throws(() => length('text'), /broken/);
  isBroken = false;
  assert.equal(length('text'), 4);
});
