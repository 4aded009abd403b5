import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './json-text.ts';

// What Go's encoding/json says.
const broken: [text: string, message: string][] = [
  ['', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a":1}x', "invalid character 'x' after top-level value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['nul', 'unexpected end of JSON input'],
  ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['"a\u0000"', "invalid character '\\x00' in string literal"],
  ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
];
for (const [text, message] of broken) {
  test(`${JSON.stringify(text)} is refused as Go refuses it`, () => {
    assert.throws(() => parseJson(Buffer.from(text)), { message });
  });
}

test('repeated fields are merged and told with their paths', () => {
  const text = '{"a":{"x":[{"y":1,"y":2}]},"b":"c:\\"d\\"","a":{"z":1},"a":{}}';
  const { value, repeated, tell } = parseJson(Buffer.from(text));
  assert.deepEqual(value, { a: { x: [{ y: 2 }], z: 1 }, b: 'c:"d"' });
  assert.deepEqual([...repeated!], ['a.x[0].y', 'a']);
  assert.equal(tell!('a.x[0].y'), 'duplicate field "a.x[0].y"');
});

test('what repeats nothing is told nothing of', () => {
  assert.deepEqual(parseJson(Buffer.from('{"a":"\\"b\\": c","d":[{"e":1},{"e":2}]}')), {
    value: { a: '"b": c', d: [{ e: 1 }, { e: 2 }] },
  });
});
