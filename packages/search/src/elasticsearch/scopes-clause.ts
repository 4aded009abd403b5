import type { Field } from '../query/documents.ts';
import type { Scope, TimeRange } from '../query/search.ts';
import { allClause, anyClause, type Clause, indexField, rangeClause } from './clauses.ts';

/** Scopes that get a clause each. */
const MAX_SINGLE = 256;

/** Most clauses of one bool query; Elasticsearch before 8 takes 1024. */
const MAX_CLAUSES = 512;

/** Most values of one `terms` query. */
const MAX_TERMS = 10_000;

type ValueScope = Extract<Scope, { value: string }>;

const hasValue = (scope: Scope): scope is ValueScope => scope.value !== undefined;

function singleClause(scope: Scope, time: string): Clause {
  if (!hasValue(scope)) {
    return { bool: { must_not: [{ exists: { field: scope.field.path } }] } };
  }

  const { field, value, since } = scope;
  const equals = { match_phrase: { [indexField(field)]: value } };

  return allClause([equals, ...(since === undefined ? [] : [rangeClause(time, { start: since })])]);
}

/** Scopes of one field that begin at the same time, or before the range that is searched. */
interface Group {
  readonly field: Field;
  readonly since: number | undefined;
  readonly values: string[];
}

function groupsOf(scopes: readonly ValueScope[], { start }: TimeRange): Group[] {
  const groups = new Map<string, Group>();

  for (const { field, value, since } of scopes) {
    const isImplied = since === undefined || (start !== undefined && since <= start);
    const bound = isImplied ? undefined : since;
    const key = `${field.path}\n${bound}`;
    const group = groups.get(key) ?? { field, since: bound, values: [] };

    groups.set(key, group);
    group.values.push(value);
  }

  return [...groups.values()];
}

function* groupClauses({ field, since, values }: Group, time: string): Generator<Clause> {
  const range = since === undefined ? [] : [rangeClause(time, { start: since })];

  for (let from = 0; from < values.length; from += MAX_TERMS) {
    const terms = { terms: { [indexField(field)]: values.slice(from, from + MAX_TERMS) } };
    yield allClause([terms, ...range]);
  }
}

/** Nests clauses so that no bool query has too many of them. */
function nested(clauses: readonly Clause[]): Clause {
  if (clauses.length <= MAX_CLAUSES) {
    return anyClause(clauses);
  }

  const parts: Clause[] = [];

  for (let from = 0; from < clauses.length; from += MAX_CLAUSES) {
    parts.push(anyClause(clauses.slice(from, from + MAX_CLAUSES)));
  }

  return nested(parts);
}

/**
 * Returns a clause that holds in one of the scopes. Few scopes are written as 3.0 writes them; many
 * are grouped, since Elasticsearch limits how many clauses a query may have.
 */
export function scopesClause(scopes: readonly Scope[], time: string, range: TimeRange): Clause {
  if (scopes.length <= MAX_SINGLE) {
    return anyClause(scopes.map((scope) => singleClause(scope, time)));
  }

  const others = scopes.filter((scope) => !hasValue(scope));
  const groups = groupsOf(scopes.filter(hasValue), range);

  return nested([
    ...others.map((scope) => singleClause(scope, time)),
    ...groups.flatMap((group) => [...groupClauses(group, time)]),
  ]);
}
