import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '@ks-apiserver/promql/syntax/parse';
import { parse } from 'yaml';
import { monitoringRules } from './monitoring-rules.ts';

interface Rule {
  record: string;
  expr: string;
}

function rulesOf(options: Parameters<typeof monitoringRules>[0]): Rule[] {
  const { kind, spec } = parse(monitoringRules(options)) as {
    kind: string;
    spec: { groups: { rules: Rule[] }[] };
  };

  assert.equal(kind, 'PrometheusRule');

  return spec.groups.flatMap(({ rules }) => rules);
}

const text = (rules: readonly Rule[]) => rules.map(({ expr }) => expr).join('\n');

test('the manifest has every series that the metrics read, as PromQL', () => {
  const rules = rulesOf({});

  assert.ok(new Set(rules.map(({ record }) => record)).size >= 76);

  for (const { record, expr } of rules) {
    assert.doesNotThrow(() => parseExpression(expr), `${record}: ${expr}`);
  }
});

test('the rules fit what Prometheus scrapes', () => {
  const plain = text(rulesOf({}));
  assert.match(plain, /kube_node_status_capacity\{[^}]*resource="pods"/);
  assert.doesNotMatch(plain, /mode="used"|kube_node_status_capacity_pods/);

  const older = text(rulesOf({ 'kube-state-metrics': '1', 'node-exporter': 'kubesphere' }));
  assert.match(older, /kube_node_status_capacity_pods/);
  assert.match(older, /mode="used"/);
});

test('unknown exporters are refused with what is allowed', () => {
  assert.throws(() => monitoringRules({ 'kube-state-metrics': '3' }), /allowed is 1 or 2/);
  assert.throws(() => monitoringRules({ 'node-exporter': 'x' }), /kubesphere or upstream/);
});
