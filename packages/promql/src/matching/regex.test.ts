import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { literalTest } from './literals.ts';
import { valueTest } from './matcher.ts';
import { anchoredRegex, regexTest } from './regex.ts';

const parts = [
  'a',
  'b',
  'ab',
  '.*',
  '.+',
  '|',
  '\\.',
  '.',
  '^',
  '$',
  '\\n',
  '\n',
  '(a|b)',
  '-',
  '\\-',
];
const pattern = fc
  .array(fc.constantFrom(...parts), { maxLength: 6 })
  .map((chosen) => chosen.join(''));
const value = fc
  .array(fc.constantFrom('a', 'b', '.', '\n', '-', 'ä', '😀'), { maxLength: 5 })
  .map((chosen) => chosen.join(''));

test('literals, prefixes and alternatives match as the regular expression does', () => {
  let compared = 0;

  fc.assert(
    fc.property(pattern, fc.array(value), (made, values) => {
      const literal = literalTest(made);
      if (!literal) {
        return;
      }

      const expression = anchoredRegex(made);
      compared += 1;

      for (const one of ['', ...values]) {
        assert.equal(literal(one), expression.testExact(one), JSON.stringify([made, one]));
      }
    }),
    { numRuns: 3000 },
  );

  assert.ok(compared > 500);
});

test('most patterns of dashboards need no regular expression', () => {
  for (const simple of [
    '.*',
    '.+',
    '',
    'a|b|c',
    '/dev/.*',
    '.*:(9100)'.slice(0, 3),
    'unknown|false',
    '(a|b)',
  ]) {
    assert.ok(literalTest(simple), simple);
  }

  for (const other of ['a[bc]', 'a?', '(?i)a', '\\d+', '(a|b)c', '^w-[^-]{1,10}$']) {
    assert.equal(literalTest(other), undefined, other);
  }
});

test('a regular expression must match the whole value', () => {
  assert.ok(!regexTest('w-[a-z]')('w-ab'));
  assert.ok(!regexTest('a|b')('ab'));
  assert.ok(!regexTest('.*')('a\nb'));
  assert.ok(valueTest({ name: 'a', op: '!~', value: 'b.?' })(''));
  assert.ok(!valueTest({ name: 'a', op: '!~', value: 'b.?' })('b'));
});

test('expressions that are no RE2 are refused', () => {
  for (const wrong of ['(', 'a**', '(?=a)', '\\1', '[', '(?<!a)b']) {
    assert.throws(() => regexTest(wrong), Error, wrong);
  }
});

test('expressions that backtracking cannot handle take little time', () => {
  const start = performance.now();

  assert.ok(!regexTest('(a+)+b')('a'.repeat(20_000)));
  assert.ok(!regexTest('(a|aa)*c')('a'.repeat(20_000)));
  assert.throws(() => regexTest('((a{100}){100}){100}'));
  assert.ok(performance.now() - start < 2000);
});
