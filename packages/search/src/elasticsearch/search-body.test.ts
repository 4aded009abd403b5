import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_FIELDS, DOCUMENT_TYPES, EVENT_FIELDS, LOG_FIELDS } from '../query/documents.ts';
import type { Scope, Search } from '../query/search.ts';
import { podPattern } from './pod-pattern.ts';
import { queryClause } from './search-body.ts';

const NOTHING: Search = { scopes: undefined, conditions: [], range: {} };
const JUNE = Date.UTC(2026, 5);

test('a search without conditions finds everything', () => {
  assert.deepEqual(queryClause(NOTHING, DOCUMENT_TYPES.logs), { bool: {} });
});

test('every kind of condition has its clause, on the keyword or the text of a field', () => {
  const conditions = [
    [{ match: 'phrase', field: LOG_FIELDS.pod, value: 'web-1' }],
    [
      { match: 'phrase-prefix', field: LOG_FIELDS.log, value: 'time ou' },
      { match: 'wildcard', field: EVENT_FIELDS.reason, pattern: '*ack*' },
    ],
    [{ match: 'number', field: AUDIT_FIELDS.code, value: 404 }],
  ] as const;

  const { bool } = queryClause({ ...NOTHING, conditions }, DOCUMENT_TYPES.logs);

  assert.deepEqual(bool, {
    filter: [
      {
        bool: {
          should: [{ match_phrase: { 'kubernetes.pod_name.keyword': 'web-1' } }],
          minimum_should_match: 1,
        },
      },
      {
        bool: {
          should: [{ match_phrase_prefix: { log: 'time ou' } }, { wildcard: { reason: '*ack*' } }],
          minimum_should_match: 1,
        },
      },
      {
        bool: { should: [{ term: { 'ResponseStatus.code': 404 } }], minimum_should_match: 1 },
      },
    ],
  });
});

test('scopes hold from their time on, or where a field is absent', () => {
  const field = EVENT_FIELDS.namespace;
  const scopes = [
    { field, value: 'shop', since: JUNE },
    { field, value: undefined },
  ];
  const range = { end: JUNE + 1000 };

  assert.deepEqual(queryClause({ scopes, conditions: [], range }, DOCUMENT_TYPES.events), {
    bool: {
      filter: [
        {
          bool: {
            should: [
              {
                bool: {
                  filter: [
                    { match_phrase: { 'involvedObject.namespace.keyword': 'shop' } },
                    { range: { lastTimestamp: { gte: '2026-06-01T00:00:00.000Z' } } },
                  ],
                },
              },
              { bool: { must_not: [{ exists: { field: 'involvedObject.namespace' } }] } },
            ],
            minimum_should_match: 1,
          },
        },
        { range: { lastTimestamp: { lte: '2026-06-01T00:00:01.000Z' } } },
      ],
    },
  });
});

/** Counts bool queries by how many clauses they have, and finds values of `terms`. */
function measure(clause: unknown): { most: number; values: string[] } {
  let most = 0;
  const values: string[] = [];

  JSON.stringify(clause, (key, value) => {
    if (key === 'should') {
      most = Math.max(most, value.length);
    }
    if (key === 'kubernetes.namespace_name.keyword') {
      values.push(...[value].flat());
    }
    return value;
  });

  return { most, values };
}

test('thousands of namespaces fit into a query, none is lost', () => {
  const scopes: Scope[] = Array.from({ length: 3000 }, (_, i) => ({
    field: LOG_FIELDS.namespace,
    value: `ns-${i}`,
    since: JUNE + i * 1000,
  }));

  // All are older than the range, none is, half of them are.
  for (const [start, least] of [
    [JUNE + 10_000_000, 1],
    [0, 3000],
    [JUNE + 1_500_000, 1500],
  ] as const) {
    const clause = queryClause({ scopes, conditions: [], range: { start } }, DOCUMENT_TYPES.logs);
    const { most, values } = measure(clause);

    assert.equal(new Set(values).size, 3000);
    assert.ok(most <= 512, `${most} clauses`);
    assert.ok(JSON.stringify(clause).split('"terms"').length - 1 >= least);
  }
});

test('patterns of pods fit to what Kubernetes calls them', () => {
  // Lucene's expressions match whole names; none of these uses anything else of its syntax.
  const matches = (workload: string, pod: string) =>
    new RegExp(`^(${podPattern(workload)})$`).test(pod);

  assert.ok(matches('web', 'web-7d4b9c5f6d-x2x4z'));
  assert.ok(matches('web', 'web-0'));
  assert.ok(matches('web', 'web-x2x4z'));
  assert.ok(!matches('web', 'web-api-7d4b9c5f6d-x2x4z'));
  assert.ok(!matches('web', 'webs-0'));
  assert.ok(matches('my.app', 'my.app-0'));
  assert.ok(!matches('my.app', 'my-app-0'));

  const long = 'w'.repeat(50);
  assert.ok(matches(long, `${long}-7d4b9c5x2x4z`));
  const longest = 'w'.repeat(63);
  assert.ok(matches(longest, `${'w'.repeat(58)}abcde`));
  assert.ok(matches(longest, `${longest}-12`));
});
