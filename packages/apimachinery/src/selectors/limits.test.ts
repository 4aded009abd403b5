import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFieldSelector } from './fields.ts';
import { parseLabelSelector } from './labels.ts';

const many = (count: number, of: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => of(i)).join(',');

test('a selector has at most 100 conditions and names at most 1000 values', () => {
  assert.equal(parseLabelSelector(many(100, (i) => `k${i}=v`)).requirements.length, 100);

  assert.equal(
    parseFieldSelector(many(100, (i) => `metadata.name!=v${i}`)).requirements.length,
    100,
  );

  assert.equal(
    parseLabelSelector(`k in (${many(1000, (i) => `v${i}`)})`).requirements[0]!.values.length,
    1000,
  );

  const commas = `metadata.name=${'\\,'.repeat(1000)}`;
  assert.equal(parseFieldSelector(commas).requirements[0]!.value.length, 1000);

  for (const text of [many(101, (i) => `k${i}=v`), `a=b${'||a=b'.repeat(100)}`, ','.repeat(100)]) {
    assert.throws(() => parseLabelSelector(text), { code: 400, message: /at most 100 conditions/ });
  }

  for (const text of [many(101, (i) => `metadata.name!=v${i}`), ','.repeat(100)]) {
    assert.throws(() => parseFieldSelector(text), { code: 400, message: /at most 100 conditions/ });
  }

  assert.throws(() => parseLabelSelector(`k in (${many(1001, (i) => `v${i}`)})`), {
    code: 400,
    message: /at most 1000 values/,
  });
});

test('a selector as long as a URL can be is parsed in less than 5 ms', () => {
  const size = 58 * 1024;
  const fill = (piece: string) => piece.repeat(Math.floor(size / piece.length));

  for (const piece of [
    'k=v,',
    'k,',
    '!',
    'k in (a),',
    'a,b)',
    '(',
    'k in (',
    ',',
    '\\,',
    '=',
    'k!=',
    'x',
    ' ',
    'a/',
    'a.',
    '||',
  ]) {
    for (const text of [fill(piece), `k in (${fill(piece)})`, `k=${fill(piece)}`]) {
      for (const parse of [parseLabelSelector, parseFieldSelector]) {
        let best = Number.POSITIVE_INFINITY;

        for (let i = 0; i < 5; i++) {
          const start = performance.now();

          try {
            parse(text);
          } catch (error) {
            assert.equal((error as { code: number }).code, 400);
          }

          best = Math.min(best, performance.now() - start);
        }

        assert.ok(best < 5, `${best} ms: ${parse.name} ${text.slice(0, 20)}`);
      }
    }
  }
});
