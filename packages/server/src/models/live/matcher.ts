import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { filterOf, looksElsewhere } from '../resources/query/filters.ts';
import type { ListQuery } from '../resources/query/query.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import { searchTest } from '../resources/search/search.ts';
import { searchQueryOf } from '../resources/search/search-query.ts';

/** Whether a query asks for a whole list and not for a page. */
export function isWhole({ limit, page }: ListQuery): boolean {
  return limit === -1 && page === 1;
}

/** The namespaces that entries must be in. */
export interface NamespaceScope {
  namespace?: string | undefined;
  visible?: ReadonlySet<string> | undefined;
}

/** Returns the stores besides a list's own that decide what is in it. */
export function othersOf(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): InformerStore[] {
  return looksElsewhere(definition, query)
    ? (definition.uses ?? []).flatMap((name) => catalog.store(name) ?? [])
    : [];
}

/**
 * Returns a test of whether an entry is in a list; undefined where that depends on more than the
 * entry. `searched`: the list is answered by 3.0's older search and not by its newer filters.
 */
export function matcherOf(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  { namespace, visible, searched = false }: NamespaceScope & { searched?: boolean },
): ((entry: Entry) => boolean) | undefined {
  if (definition.aggregates && query.filters.has('aggregateTo')) {
    return undefined;
  }
  if (looksElsewhere(definition, query)) {
    return undefined;
  }

  const passes = searched
    ? searchTest(definition, searchQueryOf(query), catalog)
    : filterOf(definition, query, catalog);

  if (passes === 'never') {
    return () => false;
  }

  const tests: ((entry: Entry) => boolean)[] = [];

  if (definition.namespaced && namespace !== undefined) {
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
