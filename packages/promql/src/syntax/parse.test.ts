import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryError } from '../query-api.ts';
import { parseExpression, parseSelector } from './parse.ts';
import { printExpression } from './print.ts';

const canonical: [text: string, printed: string][] = [
  ['1', '1'],
  ['-1', '-1'],
  ['- # sign\n 1', '-1'],
  ['+1', '1'],
  ['.5e-3', '0.0005'],
  ['5.', '5'],
  ['5. + 1.e2', '5 + 100'],
  ['0x1F', '31'],
  ['017', '15'],
  ['08', '8'],
  ['1_000', '1000'],
  ['1h30m', '5400'],
  ['InF - nAn', 'Inf - NaN'],
  ['-1^2', '-1 ^ 2'],
  ['(-1)^2', '(-1) ^ 2'],
  ['2^-1^2', '2 ^ (-1 ^ 2)'],
  ['-a^2*b', '-a ^ 2 * b'],
  ['1 + 2 * 3 ^ 4 ^ 5 - 6', '1 + 2 * 3 ^ 4 ^ 5 - 6'],
  ['(1 + 2) * 3', '(1 + 2) * 3'],
  ['1 - (2 - 3)', '1 - (2 - 3)'],
  ['a and b or c unless d', 'a and b or c unless d'],
  ['a or (b or c)', 'a or (b or c)'],
  ['a ATAN2 b', 'a atan2 b'],
  ['+a', 'a'],
  ['-(-a)', '-(-a)'],
  ['a + b offset 5m', 'a + b offset 5m'],
  ['a + b offset 5m * c', 'a + b offset 5m * c'],
  ['a{b=\'c\', d!="e", f=~`g\\d`, h!~"i"}', 'a{b="c", d!="e", f=~"g\\\\d", h!~"i"}'],
  ['{__name__="a", b="c"}', 'a{b="c"}'],
  ['{b="c", __name__="a"}', 'a{b="c"}'],
  ['{__name__=~"a.*"}', '{__name__=~"a.*"}'],
  ['{"a.b", "c d"="e"}', '{__name__="a.b", "c d"="e"}'],
  ['sum', '{__name__="sum"}'],
  ['a:b', 'a:b'],
  ['a{}', 'a'],
  ['a{on="x", bool="y", offset="z",}', 'a{on="x", bool="y", offset="z"}'],
  ['a[1h30m]', 'a[1h30m]'],
  ['a[90m] offset 1w @ 1.5', 'a[1h30m] @ 1.5 offset 7d'],
  ['a[300]', 'a[5m]'],
  ['a offset -1d @ start()', 'a @ start() offset -1d'],
  ['a @ -0.001', 'a @ -0.001'],
  ['a @ end()', 'a @ end()'],
  ['rate(a[5m])[1h:] offset 1m', 'rate(a[5m])[1h:] offset 1m'],
  ['(a + b)[1h:5m]', '(a + b)[1h:5m]'],
  ['avg_over_time(a[1h:] @ end())', 'avg_over_time(a[1h:] @ end())'],
  ['SUM(a) BY (b, on,)', 'sum by (b, on) (a)'],
  ['sum by () (a)', 'sum(a)'],
  ['sum without () (a)', 'sum without () (a)'],
  ['sum without (b) (a)', 'sum without (b) (a)'],
  ['topk(5, a)', 'topk(5, a)'],
  ['count_values without (c) ("b", a)', 'count_values without (c) ("b", a)'],
  ['a == bool on(b) group_left(c) d', 'a == bool on (b) group_left (c) d'],
  ['a * ignoring(b) group_right d', 'a * ignoring (b) group_right () d'],
  ['a * ignoring() d', 'a * d'],
  ['a * on() d', 'a * on () d'],
  ['1 > bool 2', '1 > bool 2'],
  ['holt_winters(a[1m], 0.5, 0.5)', 'holt_winters(a[1m], 0.5, 0.5)'],
  ['holt_winters{a="holt_winters"}', 'holt_winters{a="holt_winters"}'],
  ['"\\x41\\u00e4\\U0001F600\\101\\"\\n"', '"Aä😀A\\"\\u000a"'],
  ["'\\''", '"\'"'],
  ['constructor + __proto__{constructor="a"}', 'constructor + __proto__{constructor="a"}'],
  ['time()', 'time()'],
  ['label_join(a, "b", ",", "c", "d")', 'label_join(a, "b", ",", "c", "d")'],
  ['round(a)', 'round(a)'],
  ['a # comment "\n + b', 'a + b'],
];

for (const [text, printed] of canonical) {
  test(`${JSON.stringify(text)} is read as ${printed}`, () => {
    assert.equal(printExpression(parseExpression(text)), printed);
  });
}

const refused: [text: string, message: string][] = [
  ['', '1:1: parse error: no expression found in input'],
  [' # nothing', '1:1: parse error: no expression found in input'],
  ['a +', '1:4: parse error: unexpected end of input'],
  ['a\n  + )', '2:5: parse error: unexpected ")"'],
  ['ä', '1:1: parse error: unexpected "ä"'],
  ['"ä" $', '1:6: parse error: unexpected "$"'],
  ['a b', '1:3: parse error: unexpected identifier "b"'],
  ['a 5', '1:3: parse error: unexpected number "5"'],
  ['"abc', '1:1: parse error: unterminated quoted string'],
  ['a{b="c}', '1:5: parse error: unterminated quoted string'],
  ['"\\d"', '1:1: parse error: unknown escape sequence'],
  ['foo(a)', '1:1: parse error: unknown function with name "foo"'],
  ['info(a)', '1:1: parse error: unknown function with name "info"'],
  ['limitk(5, a)', '1:1: parse error: unknown function with name "limitk"'],
  [
    'rate(a)',
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
  ],
  ['rate()', '1:1: parse error: expected 1 argument(s) in call to "rate", got 0'],
  ['round(a, 1, 2)', '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'],
  [
    'label_join(a)',
    '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1',
  ],
  ['sum()', '1:1: parse error: no arguments for aggregate expression provided'],
  [
    'topk(a)',
    '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1',
  ],
  [
    'sum(1)',
    '1:5: parse error: expected type instant vector in aggregation expression, got scalar',
  ],
  ['topk("a", a)', '1:6: parse error: expected type scalar in aggregation parameter, got string'],
  ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['{a!="b"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['a{__name__="b"}', '1:1: parse error: metric name must not be set twice: "a" or "b"'],
  ['a{b=~"("}', '1:3: parse error: error parsing regexp: missing closing ): `^(?:()$`'],
  ['a and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ['a and on(b) group_left c', '1:1: parse error: no grouping allowed for "and" operation'],
  ['a + bool b', '1:3: parse error: bool modifier can only be used on comparison operators'],
  ['1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  [
    'a + "b"',
    '1:5: parse error: binary expression must contain only scalar and instant vector types',
  ],
  ['1 + on(a) b', '1:1: parse error: vector matching only allowed between instant vectors'],
  [
    'a + on(b) group_left(b) c',
    '1:3: parse error: label "b" must not occur in ON and GROUP clause at once',
  ],
  [
    '-"a"',
    '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "string"',
  ],
  [
    'sum(a) offset 5m',
    '1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
  ],
  ['a offset 5m offset 5m', '1:1: parse error: offset may not be set multiple times'],
  [
    '1 @ 5',
    '1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
  ],
  ['a @ 1 @ 1', '1:1: parse error: @ <timestamp> may not be set multiple times'],
  ['a @ inf', '1:1: parse error: timestamp out of bounds for @ modifier: inf'],
  ['a offset 5m[5m]', '1:12: parse error: no offset modifiers allowed before range'],
  ['a @ 5[5m]', '1:6: parse error: no @ modifiers allowed before range'],
  ['sum(a)[5m]', '1:7: parse error: ranges only allowed for vector selectors'],
  ['1[5m:]', '1:1: parse error: subquery is only allowed on instant vector, got scalar instead'],
  ['1e999', '1:1: parse error: error parsing number: value out of range'],
  ['a[0s]', '1:3: parse error: duration must be greater than 0'],
  ['a[-5m]', '1:3: parse error: unexpected duration expression, expected duration'],
  ['a[5m * 2]', '1:3: parse error: unexpected duration expression, expected duration'],
  ['a[400y]', '1:3: parse error: duration out of range'],
  ['a[5m] smoothed', '1:6: parse error: unexpected modifier'],
  ['a </ b', '1:3: parse error: unexpected <op:</>'],
];

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseExpression(text), new QueryError('bad_data', message));
  });
}

test('a selector has no modifiers and is no other expression', () => {
  assert.deepEqual(parseSelector('up{a="b"}'), [
    { name: '__name__', op: '=', value: 'up' },
    { name: 'a', op: '=', value: 'b' },
  ]);

  for (const text of ['up offset 5m', 'up @ 0', 'up + up', 'up[5m]']) {
    assert.throws(() => parseSelector(text), /expected a vector selector/);
  }
});

const hostile: [name: string, text: string][] = [
  ['open brackets', '('.repeat(16_000)],
  ['brackets', `${'('.repeat(8000)}a${')'.repeat(8000)}`],
  ['brackets that do something', `${'(1+'.repeat(4000)}a${')'.repeat(4000)}`],
  ['minus signs', `${'-'.repeat(16_000)}a`],
  ['a long sum', `a${'+a'.repeat(8000)}`],
  ['a long power', `a${'^a'.repeat(8000)}`],
  ['powers of negative numbers', `${'-1^'.repeat(5000)}1`],
  ['calls', `${'abs('.repeat(3000)}a${')'.repeat(3000)}`],
  ['subqueries', `a${'[1m:]'.repeat(3000)}`],
  ['quotes', '"'.repeat(16_000)],
  ['braces', '{'.repeat(16_000)],
  ['a long name before an error', `${'a'.repeat(16_000)}$`],
  ['too long a text', `a${' '.repeat(17_000)}`],
];

for (const [name, text] of hostile) {
  test(`${name} are refused in little time`, () => {
    const start = performance.now();

    assert.throws(() => parseExpression(text), QueryError);
    assert.ok(performance.now() - start < 2000);
  });
}

test('wide expressions within the bounds are read', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `a${index}`).join('|');

  assert.ok(parseExpression(`a{b=~"${names}"}`));
  assert.ok(parseExpression(Array.from({ length: 150 }, () => 'a').join(' or ')));
  assert.ok(parseExpression(`${'abs('.repeat(150)}a${')'.repeat(150)}`));
  assert.ok(parseExpression(`${'(('.repeat(150)}a${'))'.repeat(150)}`));
});
