import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationRuleSpec, isServing } from './destination-rule-spec.ts';

const LABELS = {
  app: 'web',
  'app.kubernetes.io/name': 'shop',
  'app.kubernetes.io/version': 'v1',
};

const deployment = (version: string, more = {}) => ({
  metadata: { name: `web-${version}`, labels: { ...LABELS, version } },
  spec: { selector: { matchLabels: LABELS } },
  status: { readyReplicas: 1 },
  ...more,
});

const subset = (version: string, name = version) => ({ name, labels: { version } });

test('each version is a subset, whose name has no punctuation', () => {
  assert.deepEqual(
    destinationRuleSpec(
      'web',
      [deployment('v1'), deployment('v1.2-rc_3'), deployment('v1'), deployment('')],
      undefined,
      undefined,
    ),
    { host: 'web', subsets: [subset('v1'), subset('v1.2-rc_3', 'v12rc3')] },
  );
});

test('subsets keep their places, so that the first stays where requests go', () => {
  const before = { subsets: [subset('v2'), subset('gone'), subset('v1')] };
  const after = destinationRuleSpec(
    'web',
    ['v0', 'v1', 'v2'].map((version) => deployment(version)),
    undefined,
    before,
  );

  assert.deepEqual(
    after.subsets?.map(({ name }) => name),
    ['v2', 'v1', 'v0'],
  );
});

test('a ServicePolicy gives traffic policies, and neither host nor subsets', () => {
  const policy = {
    host: 'db.other',
    trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
    exportTo: ['*'],
    subsets: [
      { name: 'v1', labels: { version: 'x' }, trafficPolicy: { outlierDetection: {} } },
      { name: 'nosuch', trafficPolicy: {} },
    ],
  };

  assert.deepEqual(destinationRuleSpec('web', [deployment('v1')], policy, undefined), {
    host: 'web',
    trafficPolicy: policy.trafficPolicy,
    subsets: [{ ...subset('v1'), trafficPolicy: { outlierDetection: {} } }],
  });
});

test('lists of another form are none', () => {
  const broken = { subsets: 'x' } as never;
  assert.deepEqual(destinationRuleSpec('web', [], broken, broken), { host: 'web', subsets: [] });
});

test('a Deployment serves when one of its pods is ready and both kinds of labels are there', () => {
  assert.ok(isServing(deployment('v1')));
  assert.ok(!isServing(deployment('v1', { status: {} })));
  assert.ok(!isServing(deployment('v1', { spec: { selector: { matchLabels: { app: 'web' } } } })));
  assert.ok(!isServing(deployment('v1', { spec: {} })));
  assert.ok(!isServing(deployment('v1', { metadata: { name: 'x' } })));
});
