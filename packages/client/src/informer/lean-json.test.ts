import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { leanText, memberNames } from './lean-json.ts';

const NAMES = ['env', 'managedFields'];

/** The same by a parser. */
function lean(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(lean);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }

  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      NAMES.includes(key) && typeof inner === 'object' && inner !== null ? null : lean(inner),
    ]),
  );
}

test('only objects and arrays of these names are left out, whatever strings hold', () => {
  const text = (value: unknown) =>
    JSON.parse(leanText(Buffer.from(JSON.stringify(value)), memberNames(NAMES)));
  assert.deepEqual(
    text({ labels: { env: 'prod' }, env: [{ name: 'env', value: '"env":[' }], x: '\\"' }),
    {
      labels: { env: 'prod' },
      env: null,
      x: '\\"',
    },
  );

  assert.deepEqual(
    JSON.parse(leanText(Buffer.from('{"env" : [1, "]"] , "é":"ü"}'), memberNames(NAMES))),
    {
      env: null,
      é: 'ü',
    },
  );

  const key = fc.oneof(fc.constantFrom(...NAMES, 'name', '"env":'), fc.string());
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue()))),
      (a, b) => {
        for (const value of [a, b, [b, { spec: b }]]) {
          assert.deepEqual(text(value), lean(JSON.parse(JSON.stringify(value))));
        }
      },
    ),
  );
});

test('truncated JSON is refused', () => {
  for (const broken of ['{"env":[', '{"env', '{"env":{"a":"']) {
    assert.throws(() => JSON.parse(leanText(Buffer.from(broken), memberNames(NAMES))));
  }
});
