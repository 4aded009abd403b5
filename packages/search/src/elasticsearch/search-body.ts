import type { DocumentType } from '../query/documents.ts';
import type { AnyOf, Condition, Search } from '../query/search.ts';
import { allClause, anyClause, type Clause, indexField, rangeClause } from './clauses.ts';
import { podPattern } from './pod-pattern.ts';
import { scopesClause } from './scopes-clause.ts';

function conditionClause(condition: Condition): Clause {
  const name = indexField(condition.field);

  switch (condition.match) {
    case 'phrase':
      return { match_phrase: { [name]: condition.value } };
    case 'phrase-prefix':
      // Elasticsearch 7 refuses phrases that go on for keywords, which 3.0 asks for.
      return condition.field.type === 'keyword'
        ? { prefix: { [name]: condition.value } }
        : { match_phrase_prefix: { [name]: condition.value } };
    case 'wildcard':
      return { wildcard: { [name]: condition.pattern } };
    case 'pod-of':
      return { regexp: { [name]: podPattern(condition.workload) } };
    case 'number':
      return { term: { [name]: condition.value } };
  }
}

const anyOf = (conditions: AnyOf) => anyClause(conditions.map(conditionClause));

/** Returns the `query` of a search; one without any condition finds all documents. */
export function queryClause({ scopes, conditions, range }: Search, { time }: DocumentType): Clause {
  const isOpen = range.start === undefined && range.end === undefined;

  const clauses = [
    ...(scopes ? [scopesClause(scopes, time, range)] : []),
    ...conditions.map(anyOf),
    ...(isOpen ? [] : [rangeClause(time, range)]),
  ];

  return clauses.length > 0 ? allClause(clauses) : { bool: {} };
}
