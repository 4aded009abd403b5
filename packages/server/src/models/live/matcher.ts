import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/catalog/definition.ts';
import { filterOf, looksElsewhere } from '../resources/query/filters.ts';
import type { ListQuery } from '../resources/query/query.ts';
import { searchTest } from '../resources/search/search.ts';
import { searchQueryOf } from '../resources/search/search-query.ts';

/** Whether a query asks for all of a list and not for a page. */
export function isWhole({ limit, page }: ListQuery): boolean {
  return limit === -1 && page === 1;
}

/** Where entries must be. */
export interface Whereabouts {
  namespace?: string | undefined;
  visible?: ReadonlySet<string> | undefined;
}

/** Stores besides a list's own that decide what is in it. */
export function othersOf(row: ResourceDefinition, query: ListQuery, catalog: Catalog): Store[] {
  return looksElsewhere(row, query)
    ? (row.uses ?? []).flatMap((name) => catalog.store(name) ?? [])
    : [];
}

/**
 * The test of a list's entries one by one, `searched` by the older searcher; undefined where it
 * depends on more than the entry whether it is in the list.
 */
export function matcherOf(
  row: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  { namespace, visible }: Whereabouts,
  searched: boolean,
): ((entry: Entry) => boolean) | undefined {
  if (row.aggregates && query.filters.has('aggregateTo')) {
    return undefined;
  }
  if (looksElsewhere(row, query)) {
    return undefined;
  }

  const passes = searched
    ? searchTest(row, searchQueryOf(query), catalog)
    : filterOf(row, query, catalog);

  if (passes === 'never') {
    return () => false;
  }

  const tests: ((entry: Entry) => boolean)[] = [];

  if (row.namespaced && namespace !== undefined) {
    tests.push((entry) => entry.namespace === namespace);
  }
  if (visible) {
    tests.push((entry) => visible.has(entry.namespace));
  }
  if (passes) {
    tests.push(passes);
  }

  return (entry) => tests.every((test) => test(entry));
}
