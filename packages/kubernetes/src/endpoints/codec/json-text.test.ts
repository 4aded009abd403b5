import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { parseJson, parseJsonAsYaml } from './json-text.ts';

// The message of Go's encoding/json.
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

test('repeated fields are merged and reported with their paths', () => {
  const text = '{"a":{"x":[{"y":1,"y":2}]},"b":"c:\\"d\\"","a":{"z":1},"a":{}}';
  const { value, strictErrors } = parseJson(Buffer.from(text));
  assert.deepEqual(value, { a: { x: [{ y: 2 }], z: 1 }, b: 'c:"d"' });
  assert.deepEqual(strictErrors!('open'), ['duplicate field "a.x[0].y"', 'duplicate field "a"']);
});

test('unknown and repeated fields are reported in the order of the text, without those inside unknown ones', () => {
  const schema: Schema = {
    type: 'object',
    properties: { a: { type: 'object', additionalProperties: true } },
  };

  const text = '{"b":{"c":1,"c":2},"a":{"__proto__":1,"__proto__":2},"kind":"X","kind":"Y","b":1}';
  const { value, strictErrors } = parseJson(Buffer.from(text));
  assert.deepEqual(strictErrors!(schema), [
    'unknown field "b"',
    'duplicate field "a.__proto__"',
    'duplicate field "kind"',
  ]);

  assert.deepEqual(value, JSON.parse('{"b":1,"a":{"__proto__":2},"kind":"Y"}'));
});

test('JSON sent as YAML keeps the last of repeated fields and reports them with their lines', () => {
  const { value, strictErrors } = parseJsonAsYaml(
    Buffer.from('{"a":{"b":1},\n"a":{"c":1,\n"c":\n2}}'),
  );
  assert.deepEqual(value, { a: { c: 2 } });

  assert.deepEqual(strictErrors!('open'), [
    'line 2: key "a" already set in map',
    'line 4: key "c" already set in map',
  ]);
});

test('at most a hundred conflicts are listed, with shortened paths', () => {
  const many = Buffer.from(`{${Array.from({ length: 500 }, (_, i) => `"k${i}":1,"k${i}":2`)}}`);
  assert.equal(parseJson(many).strictErrors!('open').length, 100);

  const long = parseJson(Buffer.from(`{"${'x'.repeat(5000)}":{"a":1,"a":2}}`)).strictErrors!(
    'open',
  );
  assert.equal(long[0]!.length, 'duplicate field ""...'.length + 1024);
});

test('too deeply nested text is refused, valid or not', () => {
  const message = 'exceeded max depth';
  assert.throws(() => parseJson(Buffer.from('['.repeat(1_000_000))), { message });
  assert.throws(() => parseJson(Buffer.from(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)), {
    message,
  });
});

test('text without repeated fields gets no warning', () => {
  assert.deepEqual(parseJson(Buffer.from('{"a":"\\"b\\": c","d":[{"e":1},{"e":2}]}')), {
    value: { a: '"b": c', d: [{ e: 1 }, { e: 2 }] },
  });
});
