import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Catalog } from './catalog.ts';
import type { ResourceDefinition, SortKey } from './definition.ts';
import { filterOf } from './filters.ts';
import { type ListQuery, pageOf } from './query.ts';

/** A page of entries and how many there are on all pages. */
export interface Page {
  entries: readonly Entry[];
  total: number;
}

const NONE: Page = { entries: [], total: 0 };

function reversed(entries: readonly Entry[], from: number, to: number): Entry[] {
  const page: Entry[] = [];
  for (let i = from; i < to; i++) page.push(entries[entries.length - 1 - i]!);
  return page;
}

function sortedBy(entries: Entry[], key: SortKey, ascending: boolean): Entry[] {
  const sign = ascending ? 1 : -1;
  return entries.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x !== y) return sign * (x < y ? -1 : 1);
    return a.name === b.name ? 0 : sign * (a.name < b.name ? -1 : 1);
  });
}

/** One page of a resource: taken from an ordered index, so that it costs the page and, with filters, one look at each entry. */
export function listPage(
  store: Store,
  row: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  namespace?: string,
): Page {
  const passes = filterOf(row, query, catalog);
  if (passes === 'never') return NONE;
  const own = row.sortKeys && Object.hasOwn(row.sortKeys, query.sortBy) ? row.sortKeys[query.sortBy] : undefined;
  // Cluster-scoped resources have no namespace to be narrowed to.
  const ordered = store.list(
    query.sortBy === 'name' ? 'name' : 'creationTimestamp',
    row.namespaced ? namespace : undefined,
  );
  if (!passes && !own) {
    const [from, to] = pageOf(query, ordered.length) ?? [0, 0];
    return { entries: query.ascending ? ordered.slice(from, to) : reversed(ordered, from, to), total: ordered.length };
  }
  const passed = passes ? ordered.filter(passes) : [...ordered];
  const entries = own ? sortedBy(passed, own, query.ascending) : query.ascending ? passed : passed.reverse();
  const [from, to] = pageOf(query, entries.length) ?? [0, 0];
  return { entries: entries.slice(from, to), total: entries.length };
}
