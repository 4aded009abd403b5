import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { MINUTE, START, StoreFixture } from '@ks-apiserver/metrics/test/support/store-fixture';
import type { RecordingRule } from './rule.ts';
import { RuleEvaluator } from './rule-evaluator.ts';

let fixture: StoreFixture;
let messages: string[];

beforeEach(async () => {
  fixture = await new StoreFixture().open();
  messages = [];
});

afterEach(() => fixture.remove());

function evaluatorOf(...rules: RecordingRule[]): RuleEvaluator {
  const tell = (message: string) => messages.push(message);
  return new RuleEvaluator(fixture.store, rules, { warn: tell, info: tell });
}

test('a rule reads the results of those before it at the same moment', async () => {
  const rules = evaluatorOf(
    { record: 'a:sum', expr: 'sum by (x) (a)' },
    { record: 'a:twice', expr: 'a:sum * 2', labels: { factor: '2', x: 'all' } },
    { record: 'a:scalar', expr: 'scalar(a:twice)' },
  );

  fixture.add(0, { 'a{x="1",y="1"}': 1, 'a{x="1",y="2"}': 2 });
  await rules.evaluate(START);

  assert.deepEqual(await fixture.select('{__name__=~"a:.+"}'), {
    'a:sum{x="1"}': [[0, 3]],
    'a:twice{factor="2",x="all"}': [[0, 6]],
    'a:scalar': [[0, 6]],
  });
});

test('a result that is not there any more ends', async () => {
  const rules = evaluatorOf({ record: 'a:large', expr: 'a > 5' });

  fixture.add(0, { 'a{x="1"}': 9, 'a{x="ü"}': 7 });
  await rules.evaluate(START);
  fixture.add(1, { 'a{x="1"}': 9, 'a{x="ü"}': 1 });
  await rules.evaluate(START + MINUTE);

  assert.deepEqual(await fixture.select('a:large'), {
    'a:large{x="1"}': [
      [0, 9],
      [1, 9],
    ],
    'a:large{x="ü"}': [
      [0, 7],
      [1, 'end'],
    ],
  });
});

test('a rule that fails is reported once, its series end, and the others are evaluated', async () => {
  const rules = evaluatorOf(
    { record: 'a:one', expr: 'a + on () a' },
    { record: 'a:other', expr: 'a' },
  );

  fixture.add(0, { 'a{x="1"}': 1 });
  await rules.evaluate(START);

  for (const minute of [1, 2]) {
    fixture.add(minute, { 'a{x="1"}': 1, 'a{x="2"}': 1 });
    await rules.evaluate(START + minute * MINUTE);
  }

  assert.deepEqual((await fixture.select('a:one'))['a:one'], [
    [0, 2],
    [1, 'end'],
  ]);
  assert.equal((await fixture.select('a:other'))['a:other{x="1"}']?.length, 3);
  assert.equal(messages.length, 1);
  assert.match(messages[0] ?? '', /^the rule a:one could not be evaluated: /);
});
