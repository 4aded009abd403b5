import { byCreation, byName, type Entry } from '@ks-apiserver/client/informer/entry';
import { aggregatedNames } from '../iam/aggregation.ts';
import { AGGREGATION_ROLES } from '../iam/types.ts';
import type { Catalog } from './catalog.ts';
import type { ResourceDefinition, SortKey } from './definition.ts';
import { filterOf } from './filters.ts';
import type { ReadableStore } from './narrowed-store.ts';
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

const byOrder = { name: byName, creationTimestamp: byCreation } as const;

/** One page of entries that were found otherwise than by going through the store. */
export function pageEntries(found: readonly Entry[], row: ResourceDefinition, query: ListQuery): Page {
  const own = row.sortKeys && Object.hasOwn(row.sortKeys, query.sortBy) ? row.sortKeys[query.sortBy] : undefined;
  const compare = byOrder[query.sortBy === 'name' ? 'name' : 'creationTimestamp'];
  const sign = query.ascending ? 1 : -1;
  const sorted = own ? sortedBy([...found], own, query.ascending) : [...found].sort((a, b) => sign * compare(a, b));
  const [from, to] = pageOf(query, sorted.length) ?? [0, 0];
  return { entries: sorted.slice(from, to), total: sorted.length };
}

/** The roles that a role is made from, by `aggregateTo`: the labelSelector does not count there. */
function aggregatedPage(
  store: ReadableStore,
  row: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  namespace: string,
): Page {
  const filters = new Map(query.filters);
  const role = store.get(filters.get('aggregateTo') ?? '', namespace);
  filters.delete('aggregateTo');
  const rest = { ...query, filters, labelSelector: '' };
  const passes = filterOf(row, rest, catalog);
  if (passes === 'never') return NONE;
  // Of the object itself: an entry keeps the beginning of a long annotation only.
  const annotation = role?.object?.metadata.annotations?.[AGGREGATION_ROLES];
  const entries = aggregatedNames(annotation).flatMap((name) => store.get(name, namespace) ?? []);
  return pageEntries(passes ? entries.filter(passes) : entries, row, rest);
}

/** One page of a resource: taken from an ordered index, so that it costs the page and, with filters, one look at each entry. */
export function listPage(
  store: ReadableStore,
  row: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  namespace?: string,
): Page {
  if (row.aggregates && query.filters.has('aggregateTo'))
    return aggregatedPage(store, row, query, catalog, namespace ?? '');
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
