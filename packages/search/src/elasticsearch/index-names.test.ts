import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexNames } from './index-names.ts';

const at = (text: string) => Date.parse(text);

test('days are named newest first, in UTC', () => {
  const start = at('2026-02-27T23:59:59Z');
  const end = at('2026-03-01T00:00:00Z');

  assert.equal(
    indexNames('logs', { start, end }),
    'logs-2026.03.01,logs-2026.02.28,logs-2026.02.27',
  );
  assert.equal(indexNames('logs', { start: end, end }), 'logs-2026.03.01');
});

test('an open or long range is all indices, a range that ends days before it begins is none', () => {
  const start = at('2026-01-01T00:00:00Z');

  assert.equal(indexNames('logs', {}), 'logs*');
  assert.equal(indexNames('logs', { end: start }), 'logs*');
  assert.equal(indexNames('logs', { start, end: start + 31 * 86_400_000 }), 'logs*');
  assert.equal(indexNames('logs', { start, end: start + 30 * 86_400_000 }).split(',').length, 31);
  assert.equal(indexNames('logs', { start, end: start - 1 }), '');
  assert.equal(indexNames('logs', { start: Date.now() + 2 * 86_400_000 }), '');
});

test('a range without an end goes to now, and a prefix stays one segment of the path', () => {
  assert.match(indexNames('a/../b', { start: Date.now() }), /^a%2F\.\.%2Fb-\d{4}\.\d\d\.\d\d$/);
});
