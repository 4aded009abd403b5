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

test('expressions that are large when they are written out are refused', () => {
  const large = [
    '\\pL{1000}'.repeat(1000),
    '(((\\pL\\pN[\\pL\\d]){10}){10}){10}',
    `(${'[ab]c'.repeat(200)}){30}`,
    'a{1000}'.repeat(2000),
    '[ab]'.repeat(20_000),
  ];

  const start = performance.now();

  for (const pattern of large) {
    assert.throws(() => regexTest(pattern), /expression too large/);
  }

  assert.ok(performance.now() - start < 1000);
});

test('expressions of everyday size are compiled', () => {
  const names = Array.from({ length: 200 }, (_, index) => `pod-[a-z0-9]{5,10}-${index}`);

  assert.ok(regexTest(names.join('|'))('pod-abcde-7'));
  assert.ok(regexTest('[a-z]{1,63}(\\.[a-z\\]]{1,63}){0,10}')('a.b.c'));
  assert.ok(regexTest('a{2,}b{0}')('aaa'));
});

test('expressions that backtracking cannot handle take little time', () => {
  const start = performance.now();

  assert.ok(!regexTest('(a+)+b')('a'.repeat(20_000)));
  assert.ok(!regexTest('(a|aa)*c')('a'.repeat(20_000)));
  assert.throws(() => regexTest('((a{100}){100}){100}'));
  assert.ok(performance.now() - start < 2000);
});
