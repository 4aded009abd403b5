import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import type { Column } from '../computed/columns.ts';
import { searchColumn } from '../search/search-text.ts';
import { fieldReader } from './field-values.ts';
import type { ListQuery, MoreFilter } from './query.ts';
import type { Filter, ResourceDefinition } from './resource-definition.ts';

type Test = (entry: Entry) => boolean;

/**
 * Tests pairs by `key` or `key=*` for present, `key=value` for equal, `key!=value` for present with
 * another value.
 */
export function keyValue(pairs: Readonly<Record<string, string>>, wanted: string): boolean {
  const unequal = wanted.indexOf('!=');
  if (unequal >= 0) {
    const value = pairs[wanted.slice(0, unequal)];
    return value !== undefined && value !== wanted.slice(unequal + 2);
  }

  const equal = wanted.indexOf('=');
  if (equal < 0) {
    return pairs[wanted] !== undefined;
  }

  const value = pairs[wanted.slice(0, equal)];
  const text = wanted.slice(equal + 1);

  return text === '*' ? value !== undefined : value === text;
}

/** Filters of every resource. */
const COMMON: Readonly<Record<string, Filter>> = {
  name: (entry, value) => entry.name.includes(value),
  names: (entry, value) => value.split(',').includes(entry.name),
  uid: (entry, value) => entry.uid === value,
  namespace: (entry, value) => entry.namespace === value,
  ownerReference: (entry, value) => entry.owners.some(({ uid }) => uid === value),
  ownerKind: (entry, value) => entry.owners.some(({ kind }) => kind === value),
  annotation: (entry, value) => keyValue(entry.annotations, value),
  label: (entry, value) => keyValue(entry.labels, value),
};

/** Returns the filter of a key; undefined for one that the list does not have. */
export type FilterOfKey = (key: string) => ((entry: Entry, value: string) => boolean) | undefined;

function filterOfKey(definition: ResourceDefinition, catalog: Catalog): FilterOfKey {
  return (key) => {
    const filter = getOwn(definition.filters, key) ?? getOwn(COMMON, key);
    return filter && ((entry, value) => filter(entry, value, catalog));
  };
}

/** A query's tests of entries: plain ones read the entry alone, derived ones read `columns`. */
export interface Tests {
  plain: Test[];
  derived: Test[];
  columns: Column[];
}

/** Returns the test of one filter; a list of names, which may be long, is parsed once. */
function testOf(
  key: string,
  value: string,
  filter: (entry: Entry, value: string) => boolean,
): Test {
  if (key !== 'names') {
    return (entry) => filter(entry, value);
  }

  const names = new Set(value.split(','));
  return (entry) => names.has(entry.name);
}

/** Returns a test of a filter whose values are alternatives; undefined if the filter is unknown. */
function testOfMore({ key, values, negated }: MoreFilter, filterOf: FilterOfKey): Test | undefined {
  const filter = filterOf(key);
  if (!filter) {
    return undefined;
  }

  const alternatives = values.map((value) => testOf(key, value, filter));

  return (entry) => alternatives.some((passes) => passes(entry)) !== negated;
}

/** Adds the test of a fieldSelector. */
function addFieldTest(
  tests: Tests,
  fields: NonNullable<ListQuery['fields']>,
  definition: ResourceDefinition,
  columns: Catalog['columns'],
): void {
  const alternatives = fields.map((conditions) =>
    conditions.map(({ field, path, operator, value }) => ({
      reader: fieldReader(definition, field, path, columns),
      value,
      isEqual: operator === '=',
    })),
  );

  const read = alternatives.flat().flatMap(({ reader }) => reader.column ?? []);
  tests.columns.push(...new Set(read));

  (read.length > 0 ? tests.derived : tests.plain).push((entry) =>
    alternatives.some((conditions) =>
      conditions.every(
        ({ reader, value, isEqual }) => (String(reader.of(entry) ?? '') === value) === isEqual,
      ),
    ),
  );
}

/**
 * Returns the tests of what 3.0's queries do not have; `never` if a filter is unknown: in 3.0
 * nothing passes unknown filters either.
 */
export function testsOfNewForms(
  definition: ResourceDefinition,
  query: Pick<ListQuery, 'fields' | 'words' | 'more' | 'hidden'>,
  { columns }: Catalog,
  filterOf: FilterOfKey,
): Tests | 'never' {
  const tests: Tests = { plain: [], derived: [], columns: [] };
  const { hidden, fields, words, more = [] } = query;
  if (hidden) {
    tests.plain.push((entry) => !hidden.has(entry.namespace));
  }

  for (const filter of more) {
    const test = testOfMore(filter, filterOf);
    if (!test) {
      return 'never';
    }

    tests.plain.push(test);
  }

  if (fields) {
    addFieldTest(tests, fields, definition, columns);
  }

  if (words) {
    const column = searchColumn(definition, columns);
    tests.columns.push(column);

    tests.derived.push((entry) => {
      const text = String(column.of(entry));
      return words.every((word) => text.includes(word));
    });
  }

  return tests;
}

/** Returns all tests of a query of v1alpha3; `never` if nothing can pass. */
export function testsOf(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Tests | 'never' {
  const known = filterOfKey(definition, catalog);
  const tests = testsOfNewForms(definition, query, catalog, known);
  if (tests === 'never') {
    return tests;
  }

  const { labels } = query;
  if (labels) {
    tests.plain.push((entry) => labels.matches(entry.labels));
  }

  for (const [key, value] of query.filters) {
    const filter = known(key);
    // Ignoring an unknown filter would show what should be filtered out.
    if (!filter) {
      return 'never';
    }

    tests.plain.push(testOf(key, value, filter));
  }

  return tests;
}

/** Whether filters of a query read other objects than the entry. */
export function looksElsewhere(
  definition: ResourceDefinition,
  { filters, more = [] }: ListQuery,
): boolean {
  return (
    definition.relatedFilters?.some(
      (key) => filters.has(key) || more.some((one) => one.key === key),
    ) === true
  );
}

/**
 * Returns one test for all of a query's filters; undefined if everything passes, `never` if nothing
 * can.
 */
export function filterOf(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Test | 'never' | undefined {
  const tests = testsOf(definition, query, catalog);
  if (tests === 'never') {
    return tests;
  }

  const all = [...tests.plain, ...tests.derived];

  return all.length === 0 ? undefined : (entry) => all.every((passes) => passes(entry));
}

/**
 * Returns the entries that pass, in their order. Returns a promise only if objects have to be read,
 * which lets other requests run.
 */
export function filterEntries(
  entries: readonly Entry[],
  { plain, derived, columns }: Tests,
  catalog: Catalog,
): Awaitable<readonly Entry[]> {
  const [first, ...others] = plain;
  let left = entries;

  if (first && others.length === 0) {
    left = entries.filter(first);
  } else if (first) {
    left = entries.filter((entry) => plain.every((passes) => passes(entry)));
  }

  if (derived.length === 0) {
    return left;
  }

  // The store's own array may change while objects are read.
  const copy = left === entries ? [...entries] : left;

  return catalog.columns.filter(copy, columns, (entry) => derived.every((passes) => passes(entry)));
}
