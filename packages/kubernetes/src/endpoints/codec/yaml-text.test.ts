import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { parseYaml } from './yaml-text.ts';

const read: [text: string, value: unknown][] = [
  ['mode: 0644', { mode: 420 }],
  ['a: yes\nb: "no"\nc: off', { a: true, b: 'no', c: false }],
  ['day: 2020-01-01\ntime: 1:30', { day: '2020-01-01', time: '1:30' }],
  ['a: &x {b: c}\nd:\n  <<: *x\n  e: f', { a: { b: 'c' }, d: { b: 'c', e: 'f' } }],
  ['5: a\ntrue: b', { 5: 'a', true: 'b' }],
  ['a: b\n---\na: c', { a: 'b' }],
  ['---\n---\na: b', null],
  ['# c\n---\na: b\n...\n: [', { a: 'b' }],
  [
    'a: 08\nb: 0b11\nc: 0x1F\nd: 1_000\ne: 1e3\nf: .5\ng: 1:30:00',
    { a: 8, b: 3, c: 31, d: 1000, e: 1000, f: 0.5, g: '1:30:00' },
  ],
  ['a: !!str 5\nb: !!binary aGk=\nc: |\n  ---\n  x\n', { a: '5', b: 'hi', c: '---\nx\n' }],
  ['# nothing', null],
  ['', null],
];

for (const [text, value] of read) {
  test(`${JSON.stringify(text)} is read by YAML 1.1`, () =>
    assert.deepEqual(parseYaml(text).value, value));
}

test('repeated keys are reported with the lines of their values, in the order of the text, among unknown ones', () => {
  const { value, strictErrors } = parseYaml('a: 1\nb:\n  c: 1\n  c: 2\n');
  assert.deepEqual(value, { a: 1, b: { c: 2 } });
  assert.deepEqual(strictErrors!('open'), ['line 4: key "c" already set in map']);

  const schema: Schema = {
    type: 'object',
    properties: { b: { type: 'object', additionalProperties: true } },
  };

  assert.deepEqual(strictErrors!(schema), [
    'unknown field "a"',
    'line 4: key "c" already set in map',
  ]);
});

test('aliases are copies, and cannot make a small text large', () => {
  const { value } = parseYaml('a: &x {b: c}\nd: *x\n') as { value: { a: object; d: object } };
  assert.notEqual(value.a, value.d);

  const levels = Array.from(
    { length: 20 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`)}]`,
  );

  assert.throws(() => parseYaml(`a0: &a0 x\n${levels.join('\n')}\n`), {
    message: 'document contains excessive aliasing',
  });
});

for (const [text, message] of [
  ['\ta: b', 'found character that cannot start any token'],
  ['a: b: c', 'mapping values are not allowed in this context'],
] as const) {
  test(`${JSON.stringify(text)} is refused in libyaml's wording`, () => {
    assert.throws(() => parseYaml(text), { message });
  });
}
