import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import type { ResourceDefinition, SortKey } from '../catalog/definition.ts';
import { type Page, snapshotPage } from '../list/list.ts';
import type { ListedStore } from '../list/listed-store.ts';
import { type FilterOfKey, keyValue, moreTests, passing, type Tests } from '../query/filters.ts';
import { pageOf } from '../query/query.ts';
import { orderingOf } from '../query/sort.ts';
import type { SearchQuery } from './search-query.ts';
import { type Condition, SEARCH_TYPES, type SearchType } from './search-types.ts';

const ALIAS = 'kubesphere.io/alias-name';

const EXACT: Readonly<Record<string, Condition>> = {
  name: (entry, value) => entry.name === value,
  keyword: (entry, value) => entry.name.includes(value),
  owner: (entry, value) => entry.owners.some(({ uid }) => uid === value),
};

const FUZZY: Readonly<Record<string, (entry: Entry, value: string) => boolean>> = {
  name: (entry, value) =>
    entry.name.includes(value) || (entry.annotations[ALIAS] ?? '').includes(value),
  label: (_entry, value) => value === '',
  Annotation: () => false,
  app: (entry, value) =>
    (entry.labels.chart ?? '').includes(value) || (entry.labels.release ?? '').includes(value),
};

function label(entry: Entry, key: string): string | undefined {
  return Object.hasOwn(entry.labels, key) ? entry.labels[key] : undefined;
}

function testOf(type: SearchType, query: SearchQuery, catalog: Catalog): (entry: Entry) => boolean {
  const tests: ((entry: Entry) => boolean)[] = [];
  const { names, hidden } = query;
  if (hidden) {
    tests.push((entry) => !hidden.has(entry.namespace));
  }
  if (names) {
    tests.push((entry) => names.has(entry.name));
  }

  for (const [key, value] of query.exact) {
    const condition = getOwn(type.keys, key) ?? getOwn(EXACT, key);
    tests.push((entry) =>
      condition ? condition(entry, value, catalog, query.exact) : label(entry, key) === value,
    );
  }

  for (const [key, value] of query.fuzzy) {
    const condition = getOwn(FUZZY, key);
    tests.push((entry) =>
      condition ? condition(entry, value) : (label(entry, key) ?? '').includes(value),
    );
  }

  return (entry) => tests.every((passes) => passes(entry));
}

function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function byTime(key: SortKey): (a: Entry, b: Entry) => number {
  return (a, b) =>
    compare(key(a), key(b)) || compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

/**
 * The filters of a resource of the older searcher by their names in v1alpha3, for forms that 3.0
 * does not have.
 */
function filterOfKey(type: SearchType, query: SearchQuery, catalog: Catalog): FilterOfKey {
  return (key) => {
    if (key === 'name') {
      return FUZZY.name;
    }
    if (key === 'names') {
      return (entry, value) => value.split(',').includes(entry.name);
    }
    if (key === 'ownerReference') {
      return (entry, value) => EXACT.owner!(entry, value, catalog, query.exact);
    }
    if (key === 'annotation') {
      return (entry, value) => keyValue(entry.annotations, value);
    }
    if (key === 'label') {
      return (entry, value) => keyValue(entry.labels, value.replace(':', '='));
    }

    const condition = getOwn(type.keys, key);

    return (entry, value) =>
      condition ? condition(entry, value, catalog, query.exact) : label(entry, key) === value;
  };
}

/** All tests of a query; `never` where a filter of the forms that 3.0 does not have is unknown. */
function searchTests(
  definition: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
): Tests | 'never' {
  const type = SEARCH_TYPES.get(definition.resource) ?? {};
  const { given = {} } = query;
  const tests = moreTests(definition, given, catalog, filterOfKey(type, query, catalog));
  if (tests !== 'never') {
    tests.plain.push(testOf(type, query, catalog));
  }

  return tests;
}

/** One test for all of a query, for looking at single entries. */
export function searchTest(
  definition: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
): (entry: Entry) => boolean {
  const tests = searchTests(definition, query, catalog);
  if (tests === 'never') {
    return () => false;
  }

  const all = [...tests.plain, ...tests.derived];

  return (entry) => all.every((passes) => passes(entry));
}

/** Entries that passed a query, ascending by name, in the order that it asks for. */
function ordered(
  passed: readonly Entry[],
  definition: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
): Entry[] | Promise<Entry[]> {
  const { given } = query;
  const found = [...passed];

  if (given?.sort) {
    const ordering = orderingOf(definition, given, catalog);
    const sort = () => found.sort(ordering.compare);

    return ordering.columns.length === 0
      ? sort()
      : catalog.columns.fill(found, ordering.columns).then(sort);
  }

  const key = getOwn(SEARCH_TYPES.get(definition.resource)?.orderBy, query.orderBy);
  if (key) {
    found.sort(byTime(key));
  } else if (query.orderBy === 'createTime') {
    found.sort(byTime((entry) => entry.created));
  }

  return query.reverse ? found.reverse() : found;
}

/**
 * One page of the older searcher; where 3.0 panics, past the end, there is none and the true total.
 */
export function searchPage(
  store: ListedStore,
  definition: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
  namespace?: string,
): Page | Promise<Page> {
  const tests = searchTests(definition, query, catalog);

  const found = (): readonly Entry[] | Promise<readonly Entry[]> => {
    if (tests === 'never') {
      return [];
    }

    const entries = store.list('name', definition.namespaced ? namespace : undefined);

    return whenReady(passing(entries, tests, catalog), (passed) =>
      ordered(passed, definition, query, catalog),
    );
  };

  if (query.given?.continue !== undefined) {
    return snapshotPage(definition, query.given, catalog, found);
  }

  return whenReady(found(), (entries) => {
    const whole = query.limit === -1 && query.page !== 1;
    const [from, to] = whole ? [0, 0] : (pageOf(query, entries.length) ?? [0, 0]);
    return { entries: entries.slice(from, to), total: entries.length };
  });
}
