import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Catalog } from '../resources/catalog.ts';
import type { ResourceDefinition } from '../resources/definition.ts';
import { filterOf } from '../resources/filters.ts';
import type { ListQuery } from '../resources/query.ts';
import { searchTest } from '../resources/search.ts';
import { searchQueryOf } from '../resources/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../resources/search-types.ts';

/** Whether a query asks for all of a list and not for a page. */
export function isWhole({ limit, page }: ListQuery): boolean {
  return limit === -1 && page === 1;
}

/** Where entries must be. */
export interface Whereabouts {
  namespace?: string | undefined;
  visible?: ReadonlySet<string> | undefined;
}

function looksElsewhere(row: ResourceDefinition, query: ListQuery): boolean {
  return row.relatedFilters?.some((key) => query.filters.has(key)) === true;
}

/** Stores besides a list's own that decide what is in it. */
export function othersOf(row: ResourceDefinition, query: ListQuery, catalog: Catalog): Store[] {
  return looksElsewhere(row, query) ? (row.uses ?? []).flatMap((name) => catalog.store(name) ?? []) : [];
}

/** The test of a list's entries one by one; undefined where it depends on more than the entry whether it is in the list. */
export function matcherOf(
  row: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  { namespace, visible }: Whereabouts,
): ((entry: Entry) => boolean) | undefined {
  if (row.aggregates && query.filters.has('aggregateTo')) return undefined;
  if (looksElsewhere(row, query)) return undefined;
  const passes = SEARCHED_IN_V1ALPHA3.has(row.resource)
    ? searchTest(row, searchQueryOf(query), catalog)
    : filterOf(row, query, catalog);
  if (passes === 'never') return () => false;
  const tests: ((entry: Entry) => boolean)[] = [];
  if (row.namespaced && namespace !== undefined) tests.push((entry) => entry.namespace === namespace);
  if (visible) tests.push((entry) => visible.has(entry.namespace));
  if (passes) tests.push(passes);
  return (entry) => tests.every((test) => test(entry));
}
