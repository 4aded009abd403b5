import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonResponse } from '../respond.ts';
import { indent, pretty } from './pretty.ts';

test('JSON is indented as JSON.stringify does it, in slices', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const pieces = [...indent(JSON.stringify(value), 20)];
      assert.equal(pieces.join(''), JSON.stringify(value, undefined, 2));
    }),
  );
});

test('a response that indentation would make many times as long stays as it is', async () => {
  const request = { method: 'GET', url: '/', headers: {} };
  const asked = new URLSearchParams({ pretty: 'true' });
  const short = jsonResponse([[], {}]);
  const nested = `${'['.repeat(250)}${']'.repeat(250)}`;
  const deep = { ...short, body: Buffer.from(`[${Array(1000).fill(nested).join()}]`) };

  assert.equal(String((await pretty(request, asked, short)).body), '[\n  [],\n  {}\n]');
  assert.equal(await pretty(request, asked, deep), deep);
});
