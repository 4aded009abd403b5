import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberReader, parseNumber } from './number-reader.ts';
import { numberText } from './page-text.ts';

function read(text: string): [value: number, end: number] {
  const reader = new NumberReader();
  const value = reader.read(text, 0);

  return [value, reader.end];
}

test('every double that is written is read again, bit for bit', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const text = numberText(value);
      assert.deepEqual(read(`${text} 12\n`), [value, text.length]);
    }),
  );
});

test('decimal numbers are rounded as JavaScript rounds them', () => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 18 }).map((d) => d.join(''));

  fc.assert(
    fc.property(digits, digits, fc.constantFrom('', '-', '+'), (whole, fraction, sign) => {
      const text = `${sign}${whole}.${fraction}`;
      const expected = whole + fraction === '' ? [Number.NaN, -1] : [Number(text), text.length];
      assert.deepEqual(read(`${text}\n`), expected);
    }),
  );
});

test('special values are read in any case, other words are not numbers', () => {
  assert.deepEqual(read('+Inf'), [Number.POSITIVE_INFINITY, 4]);
  assert.deepEqual(read('-inf\n'), [Number.NEGATIVE_INFINITY, 4]);
  assert.deepEqual(read('nan '), [Number.NaN, 3]);

  for (const text of [
    '',
    '.',
    '-',
    'x',
    '1x',
    '1e',
    '0x10',
    '1_0',
    '1..2',
    '--1',
    '9'.repeat(500),
  ]) {
    assert.equal(read(text)[1], -1, text);
    assert.equal(parseNumber(text), undefined, text);
  }
});
