import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression } from '@ks-apiserver/promql/syntax/parse';
import { printExpression } from '@ks-apiserver/promql/syntax/print';
import fc from 'fast-check';
import { componentLevel, LEVELS, type Level } from '../query/levels.ts';
import type { Scope } from '../query/scope.ts';
import { expressionOf } from './metric-templates.ts';

const levels: readonly Level[] = [
  ...Object.values(LEVELS),
  ...['etcd', 'apiserver', 'scheduler'].map((name) => componentLevel(name)),
];

const scopeWith = (text: string): Scope => ({
  node: text,
  namespace: text,
  workspace: text,
  kind: 'deployment',
  workload: text,
  pod: text,
  container: text,
  claim: text,
  storageClass: text,
  ingress: text,
  controller: { job: text, pod: text, windowSeconds: 300 },
  filter: text,
});

test('there are the 189 metrics of 3.0, and 15 of ingresses', () => {
  const names = levels.flatMap(({ templates }) => Object.keys(templates));

  assert.equal(names.length, 189 + 15);
  assert.equal(new Set(names).size, names.length);
});

test('every template is PromQL, with names and without', () => {
  for (const scope of [scopeWith('a'), { filter: '.*' }]) {
    for (const { templates, select } of levels) {
      for (const [name, template] of Object.entries(templates)) {
        const expression = expressionOf(template, select(scope, name));
        assert.doesNotThrow(() => parseExpression(expression), `${name}: ${expression}`);
        assert.doesNotMatch(expression, /\$[a-z]/, name);
      }
    }
  }
});

test('no text of a caller changes the structure of an expression', () => {
  const shapeOf = ({ templates, select }: Level, name: string, text: string) => {
    const tree = parseExpression(
      expressionOf(templates[name] ?? '', select(scopeWith(text), name)),
    );

    return printExpression(tree).replace(/"(?:[^"\\]|\\.)*"/g, '""');
  };

  const text = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('"} or x{a="', '\\', '"', '\n', '$1', '}) #', '$pods'),
  );

  fc.assert(
    fc.property(fc.nat(levels.length - 1), fc.nat(), text, (level, at, sent) => {
      const chosen = levels[level] ?? LEVELS.cluster;
      const names = Object.keys(chosen.templates);
      const name = names[at % names.length] ?? '';

      try {
        assert.equal(shapeOf(chosen, name, sent), shapeOf(chosen, name, 'a'));
      } catch (error) {
        // The Prometheus API answers so, too.
        assert.match((error as Error).message, /regular expression|regexp/);
      }
    }),
  );
});
