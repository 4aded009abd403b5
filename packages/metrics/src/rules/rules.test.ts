import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '@ks-apiserver/promql/syntax/parse';
import { ruleManifest } from './manifest.ts';
import type { RuleVariant } from './rule.ts';
import { ruleGroups } from './rules.ts';

const VARIANTS: RuleVariant[] = ([1, 2] as const).flatMap((kubeStateMetrics) =>
  (['kubesphere', 'upstream'] as const).flatMap((nodeExporter) =>
    (['prometheus', 'embedded'] as const).map((source) => ({
      kubeStateMetrics,
      nodeExporter,
      source,
    })),
  ),
);

const RECORDED = /[a-z_]*:[a-z_0-9]+:[a-z_0-9]*/g;

test('the rules of every variant are PromQL, and read only rules before them', () => {
  for (const variant of VARIANTS) {
    const known = new Set<string>();

    for (const { record, expr } of ruleGroups(variant).flatMap(({ rules }) => rules)) {
      parseExpression(expr);

      for (const [name] of expr.matchAll(RECORDED)) {
        assert.ok(known.has(name), `${record} reads ${name}`);
      }

      known.add(record);
    }
  }
});

test('all series that the monitoring queries name are recorded, quantiles under one name', () => {
  const records = VARIANTS.map((variant) => {
    const rules = ruleGroups(variant).flatMap((group) => group.rules);
    assert.equal(rules.filter(({ labels }) => labels?.quantile).length, 9);
    return new Set(rules.map(({ record }) => record));
  });

  for (const names of records) {
    assert.deepEqual(names, records[0]);
    assert.equal(names.size, 80);
  }
});

test('the manifest is an object that the Prometheus operator takes', () => {
  const manifest = ruleManifest({ variant: { kubeStateMetrics: 2, nodeExporter: 'upstream' } });

  assert.equal(manifest.kind, 'PrometheusRule');
  assert.deepEqual(manifest.metadata.labels, { prometheus: 'k8s', role: 'alert-rules' });
  assert.deepEqual(JSON.parse(JSON.stringify(manifest)), manifest);
  assert.deepEqual(
    manifest.spec.groups.map(({ name }: { name: string }) => name),
    [
      'ks-node.rules',
      'ks-cluster.rules',
      'ks-namespace.rules',
      'ks-workload.rules',
      'ks-component.rules',
    ],
  );
});
