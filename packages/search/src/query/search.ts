import type { Field } from './documents.ts';

/** A condition on one field of a document. */
export type Condition =
  /** A keyword equals the value; a text contains its words in this sequence. */
  | { readonly match: 'phrase'; readonly field: Field; readonly value: string }
  /** As `phrase`, and the last word, or the keyword, may go on. */
  | { readonly match: 'phrase-prefix'; readonly field: Field; readonly value: string }
  /** A keyword, or one word of a text, matches a pattern with `*` and `?`. */
  | { readonly match: 'wildcard'; readonly field: Field; readonly pattern: string }
  /** A keyword is the name of a pod that belongs to the workload of this name. */
  | { readonly match: 'pod-of'; readonly field: Field; readonly workload: string }
  /** A number equals the value. */
  | { readonly match: 'number'; readonly field: Field; readonly value: number };

/** One of these conditions must hold. */
export type AnyOf = readonly Condition[];

/**
 * A part of the documents that the caller may read: those in which a field has a value, from a time
 * on in milliseconds since 1970, or those without the field.
 */
export type Scope =
  | { readonly field: Field; readonly value: string; readonly since?: number }
  | { readonly field: Field; readonly value: undefined };

/** Times in milliseconds since 1970, both included; without one the range is open there. */
export interface TimeRange {
  readonly start?: number;
  readonly end?: number;
}

/** What is searched: all conditions must hold, and one of the scopes where there are any. */
export interface Search {
  /** Undefined for all documents. An empty list is not asked. */
  readonly scopes: readonly Scope[] | undefined;
  readonly conditions: readonly AnyOf[];
  readonly range: TimeRange;
}

/** Order by time. */
export type Order = 'asc' | 'desc';

/** Which of the matching documents are returned. */
export interface PageOptions {
  readonly order: Order;
  readonly from: number;
  /** Undefined leaves it to the backend: ten. */
  readonly size: number | undefined;
}
