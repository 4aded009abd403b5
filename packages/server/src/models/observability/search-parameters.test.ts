import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AUDIT_CONDITIONS, LOG_CONDITIONS } from './conditions.ts';
import { conditionsOf, nameFilterOf, parseSearch, valuesOf } from './search-parameters.ts';

const query = (text: string) => new URLSearchParams(text);

test('without parameters the ten newest documents are asked for', () => {
  assert.deepEqual(parseSearch(query('')), {
    operation: 'query',
    range: {},
    interval: '15m',
    order: 'desc',
    from: 0,
    size: 10,
  });
});

test('times are Unix seconds, and what is no number counts as the default', () => {
  const parsed = parseSearch(
    query('operation=histogram&start_time=-5&end_time=10&interval=1h&sort=asc&from=x&size=-1'),
  );

  assert.deepEqual(parsed, {
    operation: 'histogram',
    range: { start: -5000, end: 10_000 },
    interval: '1h',
    order: 'asc',
    from: 0,
    size: -1,
  });
  assert.equal(parseSearch(query('operation=Export')).operation, 'query');
});

test('a time that is no number is an error that names it', () => {
  for (const text of ['x', '1.5', '1e9', ' 1', '0x10']) {
    assert.throws(() => parseSearch(query(`end_time=${text}`)), {
      code: 500,
      message: /^end_time: /,
    });
  }
});

test('times of any size can be written as dates', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), (seconds) => {
      const { range } = parseSearch(query(`start_time=${seconds}`));
      assert.match(new Date(range.start ?? NaN).toISOString(), /^\d{4}-/);
    }),
  );
});

test('values keep their spaces, and an empty one among others stays', () => {
  assert.deepEqual(valuesOf(query('n=a,,%20b'), 'n'), ['a', '', ' b']);
  assert.deepEqual(valuesOf(query('n='), 'n'), []);
  assert.throws(() => valuesOf(query(`n=${','.repeat(2000)}`), 'n'), { code: 400 });
  assert.deepEqual(nameFilterOf(query('a=x&b=y,z'), 'a', 'b'), { names: ['x'], parts: ['y', 'z'] });
});

test('codes that are no numbers are skipped, with them the condition', () => {
  assert.deepEqual(conditionsOf(query('response_code_filter=x'), AUDIT_CONDITIONS), []);

  const [codes] = conditionsOf(query('response_code_filter=200,x,5'), AUDIT_CONDITIONS);
  assert.deepEqual(
    codes?.map((one) => one.match === 'number' && one.value),
    [200, 5],
  );
});

test('each parameter is a condition of its own', () => {
  const conditions = conditionsOf(query('pods=a,b&log_query=time%20out'), LOG_CONDITIONS);

  assert.deepEqual(
    conditions.map((one) => one.map(({ match }) => match)),
    [['phrase', 'phrase'], ['phrase-prefix']],
  );
});
