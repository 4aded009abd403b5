import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutExponent } from './decimal.ts';

test('exponents are written out', () => {
  for (const [text, plain] of [
    ['1e+21', '1000000000000000000000'],
    ['-2.5e-7', '-0.00000025'],
    ['1.25e+1', '12.5'],
    ['12.5', '12.5'],
    ['NaN', 'NaN'],
    ['+Inf', '+Inf'],
  ] as const) {
    assert.equal(withoutExponent(text), plain);
  }
});

test('the number stays the same', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const plain = withoutExponent(number.toExponential());
      assert.ok(Number(plain) === number, plain);
      assert.doesNotMatch(plain, /e/);
    }),
  );
});
