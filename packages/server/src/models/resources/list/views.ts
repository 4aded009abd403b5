import type { Entry } from '@ks-apiserver/client/informer/entry';
import { Store } from '@ks-apiserver/client/informer/store';
import type { ResourceDefinition } from '../catalog/definition.ts';
import { looksElsewhere, type Tests } from '../query/filters.ts';
import type { ListQuery } from '../query/query.ts';
import type { Ordering } from '../query/sort.ts';
import type { ListedStore } from './listed-store.ts';

/** Smaller lists are gone through as quickly as a view is found. */
const MIN_ENTRIES = 200;

/**
 * What of a query says which entries are in its list, and in which order: all but who asks for
 * which page of it.
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

/**
 * The entries of a query, ascending by `ordering`, from a view that its store keeps up to date;
 * undefined where the list is short, or takes more than a look at the entries themselves.
 */
export function viewed(
  store: ListedStore,
  definition: ResourceDefinition,
  query: ListQuery,
  { plain, derived }: Tests,
  { compare, columns }: Ordering,
  namespace: string | undefined,
): readonly Entry[] | Promise<readonly Entry[]> | undefined {
  if (!(store instanceof Store) || derived.length > 0 || columns.length > 0) {
    return undefined;
  }
  if (looksElsewhere(definition, query) || store.count(namespace) < MIN_ENTRIES) {
    return undefined;
  }

  const passes =
    plain.length === 0 ? undefined : (entry: Entry) => plain.every((test) => test(entry));

  return store.view(idOf(query), { passes, compare, namespace });
}
