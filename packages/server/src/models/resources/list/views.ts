import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { looksElsewhere, type Tests } from '../query/filters.ts';
import type { ListQuery } from '../query/query.ts';
import type { Ordering } from '../query/sort.ts';
import type { ListSource } from './listed-store.ts';

/** Shorter lists are filtered as fast as a view is found. */
const MIN_ENTRIES = 200;

/**
 * Returns the part of a query that decides which entries are in its list and in which order: all
 * but the page and the caller.
 */
function idOf({
  limit: _l,
  page: _p,
  continue: _c,
  caller: _w,
  scope: _s,
  filters,
  hidden,
  ...rest
}: ListQuery): string {
  return JSON.stringify([[...filters], hidden && [...hidden], rest]);
}

/** What a query amounts to. */
export interface ViewedList {
  tests: Tests;
  ordering: Ordering;
  namespace: string | undefined;
}

/**
 * Returns the entries of a query, ascending, from a view that its store keeps up to
 * date; undefined if the list is short, or if the tests read more than the entries.
 */
export function entriesFromView(
  { store, definition }: ListSource,
  query: ListQuery,
  { tests: { plain, derived }, ordering: { compare, columns }, namespace }: ViewedList,
): Awaitable<readonly Entry[]> | undefined {
  if (!(store instanceof InformerStore) || derived.length > 0 || columns.length > 0) {
    return undefined;
  }
  if (looksElsewhere(definition, query) || store.count(namespace) < MIN_ENTRIES) {
    return undefined;
  }

  const passes =
    plain.length === 0 ? undefined : (entry: Entry) => plain.every((test) => test(entry));

  return store.view(idOf(query), { passes, compare, namespace });
}
