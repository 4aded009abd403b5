import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePagedQuery } from './paged-query.ts';

const parse = (query: string) => {
  const { limit, page } = parsePagedQuery(new URLSearchParams(query));
  return [limit, page];
};

test('a page is named in one parameter, and the first ten items are the default', () => {
  assert.deepEqual(parse(''), [10, 1]);
  assert.deepEqual(parse('paging=limit=100,page=3'), [100, 3]);
  assert.deepEqual(parse('paging=limit%3D5%2Cpage%3D2'), [5, 2]);
  assert.deepEqual(parse('paging=page=2'), [10, 2]);
  assert.deepEqual(parse('paging=limit=-1'), [-1, 1]);
  assert.deepEqual(parse('paging=limit=5,page=0'), [5, 1]);
});

test('parameters of other lists have no effect', () => {
  const { filters } = parsePagedQuery(new URLSearchParams('x=1&limit=3&page=4&name=a'));

  assert.deepEqual([...filters], [['name', 'a']]);
  assert.deepEqual(parse('x=1&limit=3&page=4'), [10, 1]);
});

test('a text that names no page is refused, and no text breaks the parser', () => {
  assert.throws(() => parse('paging=all'), /write limit=10,page=1/);

  fc.assert(
    fc.property(fc.string(), (paging) => {
      try {
        const { limit, page } = parsePagedQuery(new URLSearchParams({ paging }));
        assert.ok(Number.isSafeInteger(limit) && page >= 1);
      } catch (error) {
        assert.equal((error as { code?: number }).code, 400);
      }
    }),
  );
});
