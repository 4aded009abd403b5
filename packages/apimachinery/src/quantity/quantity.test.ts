import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  quantityToNumber,
  subtractQuantities,
} from './quantity.ts';

test('texts have the same canonical form as in kube-apiserver v1.36', () => {
  const expected: Record<string, string> = {
    '1.500': '1.500',
    '1e3': '1e3',
    '0.1': '100m',
    '1.5Gi': '1536Mi',
    '1024Ki': '1Mi',
    '1000': '1k',
    '1000m': '1',
    '1e-3': '1e-3',
    '.5': '500m',
    '12345678901234567890': '12345678901234567890',
    '1Ei': '1Ei',
    '1023': '1023',
    '2048': '2048',
    '1e19': '10e18',
    '0.5Mi': '512Ki',
    '1.1Ki': '1126400m',
    '1e2': '100',
    '1e4': '10e3',
    '12e-1': '1200e-3',
    '0': '0',
    '-500m': '-500m',
    '0.0000000001': '1n',
    '0Gi': '0',
    // Unchanged: its leading zeros do not count, and the low bits of a binary amount show that it
    // cannot be shortened.
    '001G': '001G',
    '0005Ki': '0005Ki',
    '.T': '0',
    n: '0',
    '-59001123456789Ti': '-9223372036854775807',
  };

  for (const [text, canonical] of Object.entries(expected)) {
    assert.equal(canonicalQuantity(text), canonical, text);
  }
});

test('large binary suffixes require digits', () => {
  assert.throws(() => parseQuantity('+Ei'), {
    message: 'unable to parse numeric part of quantity',
  });
});

test('refuses invalid quantities and excessive exponents', () => {
  for (const text of [
    '',
    'x',
    '1x',
    '1.2.3',
    '--1',
    '1 Gi',
    '1e2147483647',
    'Infinity',
    '1'.repeat(1000),
  ]) {
    assert.throws(() => parseQuantity(text), /quantit/, text);
  }
});

const text = fc
  .tuple(
    fc.integer({ min: -1e9, max: 1e9 }),
    fc.constantFrom('', 'm', 'u', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3', 'E-3'),
  )
  .map(([value, suffix]) => `${value}${suffix}`);

test('canonical form keeps the value and is canonical', () => {
  fc.assert(
    fc.property(text, (given) => {
      const canonical = canonicalQuantity(given);
      assert.equal(compareQuantities(parseQuantity(canonical), parseQuantity(given)), 0);
      assert.equal(canonicalQuantity(canonical), canonical);
    }),
  );
});

test('subtracting an added quantity restores the first one', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const sum = addQuantities(parseQuantity(a), parseQuantity(b));
      assert.equal(
        compareQuantities(subtractQuantities(sum, parseQuantity(b)), parseQuantity(a)),
        0,
      );
    }),
  );
});

test('converts to a number', () => {
  assert.equal(quantityToNumber(parseQuantity('1500m')), 1.5);
  assert.equal(quantityToNumber(parseQuantity('1Gi')), 2 ** 30);
});
