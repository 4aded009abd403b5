import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import type { Matcher } from '../matching/matcher.ts';
import { QueryError } from '../query-api.ts';
import {
  type Aggregation,
  type BinaryOperation,
  type BinaryOperator,
  type Call,
  type Expression,
  negate,
  type RangeSelector,
  type Subquery,
  type VectorMatching,
  type VectorSelector,
  vectorSelector,
} from './expression.ts';
import { functions, type ValueType } from './functions.ts';
import { addMatchers } from './matchers.ts';
import { isComparison, isSetOperator } from './operators.ts';
import { parseExpression } from './parse.ts';
import { printExpression } from './print.ts';

/** Makes objects that are like those of literals. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, { noNullPrototype: true });

const words = [
  'a',
  'a:b',
  'sum',
  'by',
  'on',
  'offset',
  'inf',
  'rate',
  'start',
  'a.b',
  'ä"\\',
  '\n',
];
const labelWords = ['a', 'b', 'sum', 'by', 'on', 'bool', 'nan', 'group_left', 'c.d', 'é"\\`', ' '];
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '"', '\\', '`', '$1'));
const label = fc.constantFrom(...labelWords);
const labels = fc.uniqueArray(label, { maxLength: 3 });
const duration = fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constantFrom(300_000, 1));

const shift = record({
  offset: fc.oneof(fc.constant(0), fc.integer({ min: -1e12, max: 1e12 })),
  at: fc.option(
    fc.oneof(fc.constantFrom('start' as const, 'end' as const), fc.integer({ min: -1e13 })),
    { nil: undefined },
  ),
});

const plainMatcher: fc.Arbitrary<Matcher> = record({
  name: label,
  op: fc.constantFrom('=' as const, '!=' as const),
  value: text,
});

const regexMatcher: fc.Arbitrary<Matcher> = record({
  name: label,
  op: fc.constantFrom('=~' as const, '!~' as const),
  value: fc.constantFrom('.*', 'a|b', '[^-]{1,10}', '\\d+"', ''),
});

const metricName: fc.Arbitrary<Matcher> = fc.oneof(
  record({
    name: fc.constant('__name__'),
    op: fc.constant('=' as const),
    value: fc.oneof(fc.constantFrom(...words), text).filter((value) => value !== ''),
  }),
  fc.constant<Matcher>({ name: '__name__', op: '=~', value: 'a.+' }),
);

const selector: fc.Arbitrary<VectorSelector> = fc
  .tuple(
    metricName,
    fc.array(fc.oneof(plainMatcher, regexMatcher, metricName), { maxLength: 3 }),
    shift,
  )
  .map(([name, matchers, time]) => vectorSelector([name, ...matchers], time));

const range: fc.Arbitrary<RangeSelector> = record({
  kind: fc.constant('range' as const),
  selector,
  range: duration,
});

const matching: fc.Arbitrary<VectorMatching> = record<VectorMatching>({
  cardinality: fc.constantFrom(
    'one-to-one' as const,
    'many-to-one' as const,
    'one-to-many' as const,
  ),
  clause: fc.constantFrom('on' as const, 'ignoring' as const),
  labels,
  include: labels,
}).map((made) => ({
  ...made,
  include:
    made.cardinality === 'one-to-one'
      ? []
      : made.include.filter((name) => made.clause !== 'on' || !made.labels.includes(name)),
}));

const operators: BinaryOperator[] = [
  ...(['+', '-', '*', '/', '%', '^', 'atan2', '==', '!=', '<=', '<', '>=', '>'] as const),
  ...(['and', 'or', 'unless'] as const),
];

function vectorOperation(
  operator: BinaryOperator,
  isBool: unknown,
  made: VectorMatching,
): Pick<BinaryOperation, 'bool' | 'matching' | 'operator'> {
  const matched: VectorMatching = isSetOperator(operator)
    ? { ...made, cardinality: 'many-to-many', include: [] }
    : made;

  return { operator, bool: isComparison(operator) && isBool === 1, matching: matched };
}

const { scalar, vector } = fc.letrec<Record<ValueType, Expression>>((tie) => ({
  string: text.map((value): Expression => ({ kind: 'string', value })),
  scalar: fc.oneof(
    { depthSize: 'large', withCrossShrink: true },
    fc
      .oneof(fc.double(), fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, -1, 1e21))
      .map((value): Expression => ({ kind: 'number', value })),
    tie('scalar').map(negate),
    call('scalar', tie),
    fc
      .tuple(fc.constantFrom(...operators.slice(0, 13)), tie('scalar'), tie('scalar'))
      .map(([operator, left, right]): Expression => {
        const bool = isComparison(operator);
        return { kind: 'binary', operator, bool, matching: undefined, left, right };
      }),
  ),
  matrix: fc.oneof(
    range,
    record<Subquery>({
      kind: fc.constant('subquery' as const),
      expression: tie('vector'),
      range: duration,
      step: fc.option(duration, { nil: undefined }),
      offset: shift.map(({ offset }) => offset),
      at: shift.map(({ at }) => at),
    }),
  ),
  vector: fc.oneof(
    { depthSize: 'large', withCrossShrink: true },
    selector,
    tie('vector').map(negate),
    call('vector', tie),
    aggregation(tie),
    fc
      .tuple(
        ...([fc.constantFrom(...operators), fc.nat(1), matching] as const),
        ...([tie('vector'), tie('vector')] as const),
      )
      .map(
        ([operator, isBool, made, left, right]): Expression => ({
          kind: 'binary',
          ...vectorOperation(operator, isBool, made),
          left,
          right,
        }),
      ),
    fc
      .tuple(fc.constantFrom(...operators.slice(0, 13)), fc.nat(1), tie('vector'), tie('scalar'))
      .map(([operator, isBool, left, right]): Expression => {
        const bool = isComparison(operator) && isBool === 1;
        return { kind: 'binary', operator, bool, matching: undefined, left, right };
      }),
  ),
}));

type Tie = (type: ValueType) => fc.Arbitrary<Expression>;

function call(type: ValueType, tie: Tie): fc.Arbitrary<Call> {
  const chosen = [...functions].filter(([, { returns }]) => returns === type);

  return fc.constantFrom(...chosen).chain(([name, { args, variadic }]) => {
    const last = args.at(-1);
    const more = last && variadic > 1 ? [last, last] : [];

    return fc
      .tuple(...[...args, ...more].map((arg) => tie(arg)))
      .map((made) => ({ kind: 'call' as const, name, args: made }));
  });
}

function aggregation(tie: Tie): fc.Arbitrary<Aggregation> {
  const rest = {
    kind: fc.constant('aggregation' as const),
    expression: tie('vector'),
    clause: fc.constantFrom('by' as const, 'without' as const),
    labels,
  };

  return fc.oneof(
    record<Aggregation>({
      ...rest,
      operator: fc.constantFrom('sum' as const, 'group' as const, 'stdvar' as const),
      parameter: fc.constant(undefined),
    }),
    record<Aggregation>({
      ...rest,
      operator: fc.constantFrom('topk' as const, 'quantile' as const),
      parameter: tie('scalar'),
    }),
    record<Aggregation>({
      ...rest,
      operator: fc.constant('count_values' as const),
      parameter: tie('string'),
    }),
  );
}

const expression = fc.oneof(vector, scalar);
const isShort = (printed: string): boolean => printed.length < 16_000;

test('every expression is read from its text as it was', () => {
  fc.assert(
    fc.property(expression, (made) => {
      const printed = printExpression(made);
      fc.pre(isShort(printed));
      assert.deepStrictEqual(parseExpression(printed), made);
    }),
    { numRuns: 2000 },
  );
});

const tokens = [
  ...[
    'a',
    'sum',
    'rate',
    'by',
    'on',
    'offset',
    'bool',
    'inf',
    'and',
    'atan2',
    'group_left',
    'start',
  ],
  ...[
    '1',
    '5m',
    '0x1',
    '1.',
    '"b"',
    "'\\x",
    '`',
    '\\',
    '#',
    '\n',
    ' ',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
  ],
  ...[':', ',', '=', '!=', '=~', '!~', '==', '<', '+', '-', '*', '^', '@', '$', 'ä', '__proto__'],
];

const written = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.array(fc.constantFrom(...tokens), { maxLength: 30 }).map((chosen) => chosen.join('')),
  fc.array(fc.constantFrom(...tokens), { maxLength: 30 }).map((chosen) => chosen.join(' ')),
);

test('any text is either refused, or read and printed the same again', () => {
  fc.assert(
    fc.property(written, (random) => {
      let printed: string;

      try {
        printed = printExpression(parseExpression(random));
      } catch (error) {
        assert.ok(error instanceof QueryError, String(error));
        assert.match(error.message, /^\d+:\d+: parse error: |nested more than/);
        return;
      }

      assert.equal(printExpression(parseExpression(printed)), printed);
    }),
    { numRuns: 5000 },
  );
});

/** Returns the texts of all selectors of an expression, found by the grammar alone. */
function selectorTexts(printed: string): string[] {
  const texts: string[] = [];

  // The grammar does not read these words, so others of the same length stand for them.
  const known = printed
    .replaceAll('holt_winters', 'day_of_month')
    .replace(/__proto__|constructor/gi, (word) => 'a'.repeat(word.length));

  parser.parse(known).iterate({
    enter: ({ name, from, to }) => {
      assert.notEqual(name, '⚠');
      if (name === 'VectorSelector') {
        texts.push(printed.slice(from, to));
      }
    },
  });

  return texts;
}

test('added matchers are in every selector, wherever it stands', () => {
  fc.assert(
    fc.property(expression, text, (made, tenant) => {
      const added = addMatchers(made, [{ name: 'tenant', op: '=', value: tenant }]);
      const before = printExpression(made);
      const printed = printExpression(added);
      fc.pre(isShort(printed));

      const own = printExpression({ kind: 'string', value: tenant });
      const selectors = selectorTexts(printed);

      assert.equal(selectors.length, selectorTexts(before).length);
      assert.deepStrictEqual(parseExpression(printed), added);

      for (const one of selectors) {
        assert.ok(one.endsWith(`tenant=${own}}`), one);
      }
    }),
    { numRuns: 1000 },
  );
});

test('matchers are added to parameters of aggregations, arguments and subqueries', () => {
  const added = addMatchers(
    parseExpression('topk(scalar(x) - 35, y) / on (a) max_over_time((z{n="b"})[1h:])'),
    [{ name: 'n', op: '=', value: 'a"} or x{' }],
  );

  assert.equal(
    printExpression(added),
    'topk(scalar(x{n="a\\"} or x{"}) - 35, y{n="a\\"} or x{"}) / on (a) max_over_time(z{n="b", n="a\\"} or x{"}[1h:])',
  );
});
