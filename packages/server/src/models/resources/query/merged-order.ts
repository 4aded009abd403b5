import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import { byCreation, byName, type Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import type { Value } from '../computed/columns.ts';
import type { ComparePlaced } from '../list/merged-pages.ts';
import { compareAscending } from './compare.ts';
import type { ListQuery } from './query.ts';
import type { ResourceDefinition } from './resource-definition.ts';
import { byIdentity, compareValues, readerOf } from './sort.ts';
import type { SortTerm } from './sort-terms.ts';

/** A list that is merged with others: that of one cluster. */
export interface MergedList {
  cluster: string;
  definition: ResourceDefinition;
  catalog: Catalog;
}

/** The sort key and filter for the name of an object's cluster. */
export const CLUSTER_KEY = 'cluster';

function isCluster({ by }: SortTerm): boolean {
  return by.kind === 'key' && by.key === CLUSTER_KEY;
}

/**
 * Returns a query over several clusters whose `sortBy=cluster`, if that is its only key, is a term
 * like others.
 */
export function withClusterOrder(query: ListQuery): ListQuery {
  if (query.sort || query.sortBy !== CLUSTER_KEY) {
    return query;
  }

  const by = { kind: 'key', key: CLUSTER_KEY } as const;
  return { ...query, sort: [{ text: CLUSTER_KEY, descending: !query.ascending, by }] };
}

/** Returns the query for the list of one cluster, in which all objects have the same cluster. */
export function withinCluster(query: ListQuery): ListQuery {
  return query.sort ? { ...query, sort: query.sort.filter((term) => !isCluster(term)) } : query;
}

function byTerms(terms: readonly SortTerm[], lists: readonly MergedList[]): ComparePlaced {
  const readers = terms.map((term) => {
    if (isCluster(term)) {
      return { term, of: (_entry: Entry, list: number): Value => lists[list]?.cluster };
    }

    // Values that are read out of objects are kept by the catalog of each cluster.
    const each = lists.map(({ definition, catalog }) => readerOf(term, definition, catalog));
    return { term, of: (entry: Entry, list: number): Value => each[list]?.of(entry) };
  });

  return (a, b) => {
    for (const { of, term } of readers) {
      const order = compareValues(of(a.entry, a.list), of(b.entry, b.list), term);
      if (order !== 0) {
        return order;
      }
    }

    return byIdentity(a.entry, b.entry) || a.list - b.list;
  };
}

/**
 * Returns the common order of lists of the same kind in several clusters, which come in the order
 * of their names; equal objects are sorted by cluster. Throws BadRequest for a key that the
 * resource does not have.
 */
export function mergedOrder(query: ListQuery, lists: readonly MergedList[]): ComparePlaced {
  if (query.sort) {
    return byTerms(query.sort, lists);
  }

  const sign = query.ascending ? 1 : -1;
  const [first] = lists;
  const key = first && getOwn(first.definition.sortKeys, query.sortBy);

  if (key) {
    return (a, b) =>
      sign *
      (compareAscending(key(a.entry), key(b.entry)) ||
        byIdentity(a.entry, b.entry) ||
        a.list - b.list);
  }

  const compare = query.sortBy === 'name' ? byName : byCreation;

  return (a, b) => sign * (compare(a.entry, b.entry) || a.list - b.list);
}
