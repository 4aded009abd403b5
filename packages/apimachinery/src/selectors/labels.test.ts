import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusError } from '../meta/errors.ts';
import { labelSelectorFrom, parseLabelSelector } from './labels.ts';

const cases: [selector: string, labels: Record<string, string>, matches: boolean][] = [
  ['', {}, true],
  ['a=b', { a: 'b' }, true],
  ['a==b', { a: 'c' }, false],
  ['a!=b', {}, true],
  ['a in (b, c)', { a: 'c' }, true],
  ['a notin (b)', {}, true],
  ['a', { a: '' }, true],
  ['!a', { a: '' }, false],
  ['a=', { a: '' }, true],
  ['a in ()', { a: '' }, true],
  ['a>5,b<7', { a: '6', b: '-1' }, true],
  ['a>5', { a: 'x' }, false],
  ['in=in', { in: 'in' }, true],
  ['constructor', {}, false],
  ['__proto__', {}, false],
];

for (const [selector, labels, matches] of cases) {
  test(`${selector || 'empty selector'} on ${JSON.stringify(labels)}`, () => {
    let error: unknown;

    try {
      assert.equal(parseLabelSelector(selector).matches(labels), matches);
    } catch (caught) {
      error = caught;
    }

    // A key must begin with a letter or digit, so `__proto__` is never a valid key.
    if (selector === '__proto__') {
      assert.ok(error instanceof StatusError && error.code === 400);
    } else {
      assert.equal(error, undefined);
    }
  });
}

const refused: [selector: string, message: string][] = [
  ['a=!b', "unable to parse requirement: found '!', expected: identifier"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a,,b', "found ',', expected: identifier after ','"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  [',', "found ',', expected: !, identifier, or 'end of string'"],
  ['a!=b=c', "found '=', expected: ',' or 'end of string'"],
  [
    'a>x',
    `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
  [
    'a>-x',
    `unable to parse requirement: [values[0]: Invalid value: "-x": for 'Gt', 'Lt' operators, the value must be an integer, values[0][a]: Invalid value: "-x": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]`,
  ],
];

for (const [selector, message] of refused) {
  test(`${selector} is refused`, () => {
    assert.throws(() => parseLabelSelector(selector), { code: 400, message });
  });
}

test('an absent selector of an object matches nothing, an empty one everything', () => {
  assert.equal(labelSelectorFrom(undefined).matches({ a: 'b' }), false);
  assert.equal(labelSelectorFrom({}).matches({ a: 'b' }), true);

  const selector = labelSelectorFrom({
    matchLabels: { a: 'b' },
    matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }],
  });

  assert.equal(selector.toString(), 'a=b,c notin (d)');
  assert.equal(selector.matches({ a: 'b', c: 'e' }), true);
});

const word = fc.stringMatching(/^[a-z]([a-z0-9.-]{0,5}[a-z0-9])?$/);

const requirement = fc.oneof(
  word,
  word.map((key) => `!${key}`),
  fc.tuple(word, fc.constantFrom('=', '==', '!='), word).map((parts) => parts.join('')),
  fc
    .tuple(word, fc.constantFrom('in', 'notin'), fc.array(word, { maxLength: 3 }))
    .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
);

test('a selector read back from its own text matches the same labels', () => {
  fc.assert(
    fc.property(
      fc.array(requirement, { maxLength: 4 }),
      fc.dictionary(word, word),
      (parts, labels) => {
        const selector = parseLabelSelector(parts.join(','));
        const again = parseLabelSelector(selector.toString());
        assert.equal(again.toString(), selector.toString());
        assert.equal(again.matches(labels), selector.matches(labels));
      },
    ),
  );
});

test('any text is parsed or refused with 400', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseLabelSelector(text);
      } catch (error) {
        assert.ok(error instanceof StatusError && error.code === 400);
      }
    }),
  );
});
