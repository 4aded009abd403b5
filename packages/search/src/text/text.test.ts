import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { podPattern } from '../elasticsearch/pod-pattern.ts';
import { isPodOf } from './pod-names.ts';
import { globOf, wildcardTest } from './wildcard.ts';
import { spacedWords, wordsOf } from './words.ts';

test('words are letters, digits and underscores, in small letters', () => {
  assert.deepEqual(wordsOf('GET /cart-items?id=42&user_id=X 12ms'), [
    'get',
    'cart',
    'items',
    'id',
    '42',
    'user_id',
    'x',
    '12ms',
  ]);
  assert.deepEqual(wordsOf('Überfällig: 数据库 42'), ['überfällig', '数', '据', '库', '42']);
  assert.deepEqual(wordsOf('\u001b[31mred\u001b[0m!'), ['red']);
  assert.equal(spacedWords('A b'), ' a b ');
  assert.equal(spacedWords('-'), '');
});

test('long texts and many signs take no long time', () => {
  const started = performance.now();

  wordsOf('x'.repeat(10_000_000));
  wordsOf('- '.repeat(5_000_000));
  wildcardTest('*a'.repeat(100))('a'.repeat(10_000));
  assert.ok(performance.now() - started < 2000);
});

test('a pattern matches whole texts', () => {
  const cases: [string, string, boolean][] = [
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*c', 'abbc', true],
    ['a*c', 'abcd', false],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['*ab*ab*', 'xabab', true],
    ['*ab*ab*', 'xab', false],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['[a]', '[a]', true],
    ['[a]', 'a', false],
    ['a\\', 'a\\', true],
  ];

  for (const [pattern, text, expected] of cases) {
    assert.equal(wildcardTest(pattern)(text), expected, `${pattern} ${text}`);
  }
});

test('a pattern means what a regular expression made from it means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', '['), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '*', '[', '\\'), maxLength: 8 });

  fc.assert(
    fc.property(letters, texts, (pattern, text) => {
      const source = pattern.replace(/\\(.)|[*?[\\]/gs, (all, literal) => {
        if (literal !== undefined) {
          return literal.replace(/[*?[\\]/, '\\$&');
        }
        return { '*': '.*', '?': '.' }[all as string] ?? `\\${all}`;
      });

      assert.equal(wildcardTest(pattern)(text), new RegExp(`^(?:${source})$`, 's').test(text));
    }),
  );
});

test('GLOB has brackets of its own', () => {
  assert.equal(globOf('*a[b]?\\*'), '*a[[]b]?[*]');
});

test('names of pods are judged as by the pattern that Elasticsearch gets', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '2', '0', '-'), maxLength: 8 });
  const workload = fc.tuple(name, fc.nat(62)).map(([text, length]) => text.padEnd(length, 'w'));

  fc.assert(
    fc.property(workload, name, fc.boolean(), (owner, suffix, isCut) => {
      const pod = (isCut ? owner.slice(0, 58) : owner) + suffix;
      assert.equal(isPodOf(owner, pod), new RegExp(`^(${podPattern(owner)})$`).test(pod));
    }),
  );
});
