import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import { byName, type Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import { type Page, snapshotPage } from '../list/list.ts';
import type { ListSource } from '../list/listed-store.ts';
import { compareAscending } from '../query/compare.ts';
import {
  type FilterOfKey,
  filterEntries,
  keyValue,
  type Tests,
  testsOfNewForms,
} from '../query/filters.ts';
import { pageOf } from '../query/query.ts';
import type { ResourceDefinition, SortKey } from '../query/resource-definition.ts';
import { orderingOf } from '../query/sort.ts';
import type { SearchQuery } from './search-query.ts';
import { type Condition, SEARCH_TYPES, type SearchType } from './search-types.ts';

const ALIAS = 'kubesphere.io/alias-name';

function isOwnedBy(entry: Entry, value: string): boolean {
  return entry.owners.some(({ uid }) => uid === value);
}

const EXACT: Readonly<Record<string, Condition>> = {
  name: (entry, value) => entry.name === value,
  keyword: (entry, value) => entry.name.includes(value),
  owner: isOwnedBy,
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

function byTime(key: SortKey): (a: Entry, b: Entry) => number {
  return (a, b) =>
    compareAscending(key(a), key(b)) ||
    compareAscending(a.namespace, b.namespace) ||
    compareAscending(a.name, b.name);
}

/**
 * Returns the filters of the older search by their names in v1alpha3, for forms that 3.0 does not
 * have.
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
      return isOwnedBy;
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

/**
 * Returns all tests of a query; `never` if a filter in a form that 3.0 does not have is unknown.
 */
function searchTests(
  definition: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
): Tests | 'never' {
  const type = SEARCH_TYPES.get(definition.resource) ?? {};
  const { given = {} } = query;
  const tests = testsOfNewForms(definition, given, catalog, filterOfKey(type, query, catalog));
  if (tests !== 'never') {
    tests.plain.push(testOf(type, query, catalog));
  }

  return tests;
}

/** Returns one test for all of a query. */
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

/**
 * Returns how entries are compared by a query without keys in a form that 3.0 does not have; a sign
 * of -1 reverses that.
 */
export function searchOrder(
  { resource }: ResourceDefinition,
  { orderBy, reverse }: SearchQuery,
): { compare: (a: Entry, b: Entry) => number; sign: 1 | -1 } {
  const sign = reverse ? -1 : 1;
  const key = getOwn(SEARCH_TYPES.get(resource)?.orderBy, orderBy);
  if (key) {
    return { compare: byTime(key), sign };
  }

  return { compare: orderBy === 'createTime' ? byTime((entry) => entry.created) : byName, sign };
}

/** Orders entries that passed a query and are ascending by name. */
function order(
  passed: readonly Entry[],
  definition: ResourceDefinition,
  query: SearchQuery,
  catalog: Catalog,
): Awaitable<Entry[]> {
  const { given } = query;
  const found = [...passed];

  if (given?.sort) {
    const ordering = orderingOf(definition, given, catalog);
    const sort = () => found.sort(ordering.compare);

    return ordering.columns.length === 0
      ? sort()
      : catalog.columns.fill(found, ordering.columns).then(sort);
  }

  const { compare, sign } = searchOrder(definition, query);
  if (compare !== byName) {
    found.sort(compare);
  }

  return sign < 0 ? found.reverse() : found;
}

/**
 * Returns a page of the older search. Past the end, where 3.0 panics, it is empty with the true
 * total.
 */
export function searchPage(
  { store, definition, catalog }: ListSource,
  query: SearchQuery,
  namespace?: string,
): Awaitable<Page> {
  const tests = searchTests(definition, query, catalog);

  const found = (): Awaitable<readonly Entry[]> => {
    if (tests === 'never') {
      return [];
    }

    const entries = store.list('name', definition.namespaced ? namespace : undefined);

    return whenReady(filterEntries(entries, tests, catalog), (passed) =>
      order(passed, definition, query, catalog),
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
