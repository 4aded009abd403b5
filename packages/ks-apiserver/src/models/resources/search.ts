import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from './catalog.ts';
import type { ResourceDefinition, SortKey } from './definition.ts';
import type { Page } from './list.ts';
import type { ReadableStore } from './narrowed-store.ts';
import { pageOf } from './query.ts';
import type { SearchQuery } from './search-query.ts';
import { type Condition, SEARCH_TYPES } from './search-types.ts';

const ALIAS = 'kubesphere.io/alias-name';

const EXACT: Readonly<Record<string, Condition>> = {
  name: (entry, value) => entry.name === value,
  keyword: (entry, value) => entry.name.includes(value),
  owner: (entry, value) => entry.owners.some(({ uid }) => uid === value),
};

const FUZZY: Readonly<Record<string, (entry: Entry, value: string) => boolean>> = {
  name: (entry, value) => entry.name.includes(value) || (entry.annotations[ALIAS] ?? '').includes(value),
  label: (_entry, value) => value === '',
  Annotation: () => false,
  app: (entry, value) => (entry.labels.chart ?? '').includes(value) || (entry.labels.release ?? '').includes(value),
};

function own<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return table && Object.hasOwn(table, key) ? table[key] : undefined;
}

function label(entry: Entry, key: string): string | undefined {
  return Object.hasOwn(entry.labels, key) ? entry.labels[key] : undefined;
}

/** One test for all of a query's conditions. */
export function searchTest(row: ResourceDefinition, query: SearchQuery, catalog: Catalog): (entry: Entry) => boolean {
  const type = SEARCH_TYPES.get(row.resource) ?? {};
  const tests: ((entry: Entry) => boolean)[] = [];
  const { names, hidden } = query;
  if (hidden) tests.push((entry) => !hidden.has(entry.namespace));
  if (names) tests.push((entry) => names.has(entry.name));
  for (const [key, value] of query.exact) {
    const condition = own(type.keys, key) ?? own(EXACT, key);
    tests.push((entry) => (condition ? condition(entry, value, catalog, query.exact) : label(entry, key) === value));
  }
  for (const [key, value] of query.fuzzy) {
    const condition = own(FUZZY, key);
    tests.push((entry) => (condition ? condition(entry, value) : (label(entry, key) ?? '').includes(value)));
  }
  return (entry) => tests.every((passes) => passes(entry));
}

function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function byTime(key: SortKey): (a: Entry, b: Entry) => number {
  return (a, b) => compare(key(a), key(b)) || compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

/** All entries that pass a query, ascending by name. */
export function searchEntries(
  store: ReadableStore,
  row: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
  namespace?: string,
): Entry[] {
  return store.list('name', row.namespaced ? namespace : undefined).filter(searchTest(row, query, catalog));
}

/** One page of the older searcher; where 3.0 panics, past the end, there is none and the true total. */
export function searchPage(
  store: ReadableStore,
  row: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
  namespace?: string,
): Page {
  const found = searchEntries(store, row, query, catalog, namespace);
  const key = own(SEARCH_TYPES.get(row.resource)?.orderBy, query.orderBy);
  if (key) found.sort(byTime(key));
  else if (query.orderBy === 'createTime') found.sort(byTime((entry) => entry.created));
  if (query.reverse) found.reverse();
  const whole = query.limit === -1 && query.page !== 1;
  const [from, to] = whole ? [0, 0] : (pageOf(query, found.length) ?? [0, 0]);
  return { entries: found.slice(from, to), total: found.length };
}
