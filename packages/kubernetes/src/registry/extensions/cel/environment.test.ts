import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BudgetExceeded } from './budget.ts';
import { declared } from './environment.ts';
import { compileError, evaluationError } from './errors.ts';
import { checkExpression, compileExpression } from './expression.ts';
import { environmentOf } from './schema-types.ts';
import { celValue } from './values.ts';

const truths: [string, Record<string, unknown>?][] = [
  ["'aab'.matches('^a+b$') && !'x'.matches('^a')"],
  ["self.s.matches('[a-z]+')", { s: 'abc' }],
  ["'abc1de23'.findAll('[0-9]+') == ['1', '23'] && 'a1'.find('[0-9]') == '1'"],
  ["'abc'.charAt(1) == 'b' && 'a-b-c'.replace('-', '_', 1) == 'a_b-c'"],
  ["'%s is %d and %.2f'.format(['x', 5, 1.5]) == 'x is 5 and 1.50'"],
  ['[1, 2].isSorted() && [1, 3].sum() == 4 && self.l.max() == 5', { l: [1, 5] }],
  ['[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2'],
  ["quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1') == quantity('1000m')"],
  ["isQuantity('5m') && !isQuantity('x') && quantity('2').add(quantity('3')).asInteger() == 5"],
  ["ip('::1').isLoopback() && ip('1.2.3.4').family() == 4 && !isIP('1.2.3')"],
  ["string(ip('::1.2.3.4')) == '::102:304' && !isIP('::ffff:1.2.3.4') && !isIP('01.2.3.4')"],
  [
    "ip('0.0.0.0').isUnspecified() && !ip('0.0.0.1').isUnspecified() && ip('0.0.0.1').isGlobalUnicast()",
  ],
  ["cidr('10.0.0.0/8').containsIP('10.1.1.1') && !cidr('10.0.0.0/8').containsIP('11.0.0.1')"],
  [
    "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8' && string(ip('2001:db8:0:0::1')) == '2001:db8::1'",
  ],
  [
    "url('https://a.b:80/x?q=1&q=2').getQuery()['q'] == ['1', '2'] && url('https://a.b:80/x').getHost() == 'a.b:80'",
  ],
  [
    "format.dns1123Label().validate('A_').hasValue() && !format.dns1123Label().validate('a').hasValue()",
  ],
  [
    "semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && semver('v1.2', true).minor() == 2 && !isSemver('v1')",
  ],
  ['sets.contains([1, 2], [1]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])'],
  ["[0, 1].all(i, v, i == v) && {'a': 1}.exists(k, v, k == 'a' && v == 1)"],
  ["{'a': 1}.transformMap(k, v, v + 1)['a'] == 2 && [1, 2].transformList(i, v, v > 1, v) == [2]"],
  ["self.?a.orValue('none') == 'none' && optional.of(1).optMap(x, x + 1).value() == 2", {}],
  ["has(self.l[0].a.b) && !has(self.l[1].a) && has({'a': 1}.a)", { l: [{ a: { b: 1 } }, {}] }],
  [
    "[?self.?a, 1, ?optional.none()] == [2, 1] && {?'a': self.?a, ?'b': self.?b} == {'a': 2}",
    { a: 2 },
  ],
  [
    "string(duration('-1.5s')) == '-1.5s' && string(timestamp('2024-01-02T03:04:05.120Z')) == '2024-01-02T03:04:05.12Z'",
  ],
  ["b'ab' < b'b' && [1].first() == optional.of(1) && [1, 2].last().value() == 2"],
  ["'TacoCÆt'.lowerAscii() == 'tacocÆt' && !optional.ofNonZeroValue('').hasValue()"],
  ["'[?' + ',?' + '\\'?' != '' && (self.on ? [?self.?a] : []).size() == 1", { on: true, a: 1 }],
  [
    "[3, 1].sort() == [1, 3] && ['bb', 'a'].sortBy(x, x.size()) == ['a', 'bb'] && [[1], [2]].flatten() == [1, 2]",
  ],
];

const evaluate = (expression: string, self: unknown, left = 1_000_000) =>
  compileExpression(expression)({ self }, { left });

test('expressions have the functions of Kubernetes', () => {
  for (const [expression, self = {}] of truths) {
    assert.equal(evaluate(expression, celValue(self, undefined)), true, expression);
  }
});

test('patterns take linear time', () => {
  const began = performance.now();
  assert.equal(evaluate("self.matches('^(a+)+$')", `${'a'.repeat(5000)}b`), false);
  assert.ok(performance.now() - began < 2000);
});

test("failures have cel-go's wording", () => {
  const failure = (expression: string, self: unknown) => {
    try {
      evaluate(expression, self);
    } catch (error) {
      return evaluationError(error);
    }

    return 'no failure';
  };

  assert.equal(failure('self.a', {}), 'no such key: a');
  assert.equal(failure('self[3] == 1', [1n]), 'index out of bounds: 3');
  assert.equal(failure('1 / self', 0n), 'division by zero');
  assert.equal(failure('[].min() == self', 1n), 'min called on empty list');

  const compileRefused = (expression: string) =>
    compileError(expression, (checkExpression(declared, expression) as { error: unknown }).error);
  assert.equal(
    compileRefused('x == 1'),
    "ERROR: <input>:1:1: undeclared reference to 'x' (in container '')\n | x == 1\n | ^",
  );

  assert.equal(
    compileRefused("'a' + 1 == 2"),
    "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | 'a' + 1 == 2\n | ....^",
  );
});

test('rules are checked against the types of their schema', () => {
  const environment = environmentOf(
    {
      type: 'object',
      properties: {
        n: { type: 'integer' },
        'with-dash': { type: 'string', format: 'date-time' },
        o: { type: 'object', properties: { s: { type: 'string' } } },
      },
    },
    { isRoot: true },
  );

  for (const [expression, valid] of [
    ['self.n > 1 && self.metadata.name != ""', true],
    ["self.with__dash__dash < timestamp('2020-01-01T00:00:00Z')", true],
    ['self == oldSelf && self.o == oldSelf.o', true],
    ['self.n == "x"', false],
    ['self.o.missing == 1', false],
  ] as const) {
    assert.equal(checkExpression(environment, expression).valid, valid, expression);
  }
});

test('only the values that an expression reads count towards its budget', () => {
  const list = Array.from({ length: 1000 }, (_, index) => BigInt(index));
  const self = { list, short: [1n, 2n] };

  assert.equal(evaluate('self.short.all(x, self.short.exists(y, x == y))', self, 100), true);
  assert.equal(evaluate('self.list.size() == 1000', self, 100), true);

  for (const expression of [
    'self.list.all(x, self.list.exists(y, x == y))',
    'self.list.exists(x, self.list.all(y, y == x))',
    'self.list.map(x, self.list.filter(y, y > x)).size() == 1',
    'self.list.all(x, x in self.list)',
    'self.list.exists(i, x, self.list == [i])',
  ]) {
    const began = performance.now();
    assert.throws(() => evaluate(expression, self, 50_000), BudgetExceeded, expression);
    assert.ok(performance.now() - began < 1000, expression);
  }
});

test('null is nothing in an object whose schema has the field, and sets are equal in any order', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: 'string', nullable: true },
      namespace: { type: 'string' },
      set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    },
  } as const;

  const value = celValue({ a: null, namespace: 'n', set: ['x', 'y'] }, schema);
  assert.equal(evaluate('has(self.a) || self.?a.hasValue()', value), false);
  assert.equal(evaluate("self.set == ['y', 'x'] && self.set != ['x']", value), true);
  assert.equal(evaluate("self.namespace == 'n' && self.__namespace__ == 'n'", value), true);

  const environment = environmentOf(schema);
  assert.equal(checkExpression(environment, 'self.namespace == self.__namespace__').valid, true);
  assert.equal(checkExpression(environment, 'has(self.nope)').valid, false);
});
