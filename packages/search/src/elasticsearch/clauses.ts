import type { Field } from '../query/documents.ts';
import type { TimeRange } from '../query/search.ts';

/** A clause of Elasticsearch's query language. */
export type Clause = Readonly<Record<string, unknown>>;

/** Returns the name of a field in an index: keywords are kept beside the texts. */
export function indexField({ path, type }: Field): string {
  return type === 'keyword' ? `${path}.keyword` : path;
}

/** Returns a clause for times of a range; times are milliseconds since 1970. */
export function rangeClause(field: string, { start, end }: TimeRange): Clause {
  const text = (time: number) => new Date(time).toISOString();

  return {
    range: {
      [field]: {
        ...(start !== undefined && { gte: text(start) }),
        ...(end !== undefined && { lte: text(end) }),
      },
    },
  };
}

/** Returns a clause that holds when one of several does. */
export function anyClause(clauses: readonly Clause[]): Clause {
  return { bool: { should: clauses, minimum_should_match: 1 } };
}

/** Returns a clause that holds when all of several do. */
export function allClause(clauses: readonly Clause[]): Clause {
  return { bool: { filter: clauses } };
}
