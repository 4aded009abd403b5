import type { DocumentType } from '../query/documents.ts';
import type { AnyOf, Condition, Search } from '../query/search.ts';
import { allClause, anyClause, type Clause, indexField, rangeClause } from './clauses.ts';
import { podPattern } from './pod-pattern.ts';
import { scopesClause } from './scopes-clause.ts';

/**
 * How the beginning of a keyword is searched: by a phrase that goes on, as 3.0 does, or by a prefix,
 * since Elasticsearch 7 and later refuse such phrases.
 */
export type KeywordPrefix = 'phrase' | 'prefix';

function conditionClause(condition: Condition, keywordPrefix: KeywordPrefix): Clause {
  const name = indexField(condition.field);

  switch (condition.match) {
    case 'phrase':
      return { match_phrase: { [name]: condition.value } };
    case 'phrase-prefix':
      return condition.field.type === 'keyword' && keywordPrefix === 'prefix'
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

/** Returns the `query` of a search; one without any condition finds all documents. */
export function queryClause(
  { scopes, conditions, range }: Search,
  { time }: DocumentType,
  keywordPrefix: KeywordPrefix = 'phrase',
): Clause {
  const anyOf = (some: AnyOf) =>
    anyClause(some.map((condition) => conditionClause(condition, keywordPrefix)));
  const isOpen = range.start === undefined && range.end === undefined;

  const clauses = [
    ...(scopes ? [scopesClause(scopes, time, range)] : []),
    ...conditions.map(anyOf),
    ...(isOpen ? [] : [rangeClause(time, range)]),
  ];

  return clauses.length > 0 ? allClause(clauses) : { bool: {} };
}
