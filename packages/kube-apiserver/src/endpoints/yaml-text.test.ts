import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from './yaml-text.ts';

const read: [text: string, value: unknown][] = [
  ['mode: 0644', { mode: 420 }],
  ['a: yes\nb: "no"\nc: off', { a: true, b: 'no', c: false }],
  ['day: 2020-01-01\ntime: 1:30', { day: '2020-01-01', time: '1:30' }],
  ['a: &x {b: c}\nd:\n  <<: *x\n  e: f', { a: { b: 'c' }, d: { b: 'c', e: 'f' } }],
  ['5: a\ntrue: b', { 5: 'a', true: 'b' }],
  ['a: b\n---\na: c', { a: 'b' }],
  ['# nothing', null],
  ['', null],
];
for (const [text, value] of read) {
  test(`${JSON.stringify(text)} is read by YAML 1.1`, () => assert.deepEqual(parseYaml(text).value, value));
}

test('repeated keys are told with the line of what they hold', () => {
  const { value, repeated, tell } = parseYaml('a: 1\nb:\n  c: 1\n  c: 2\n');
  assert.deepEqual(value, { a: 1, b: { c: 2 } });
  assert.deepEqual([...repeated!], ['b.c']);
  assert.equal(tell!('b.c'), 'line 4: key "c" already set in map');
});

for (const [text, message] of [
  ['\ta: b', 'found character that cannot start any token'],
  ['a: b: c', 'mapping values are not allowed in this context'],
] as const) {
  test(`${JSON.stringify(text)} is refused in libyaml's words`, () => {
    assert.throws(() => parseYaml(text), { message });
  });
}
