import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import type { Filter, ResourceDefinition } from '../catalog/definition.ts';
import type { Column } from '../computed/columns.ts';
import { searchColumn } from '../search/search-text.ts';
import { type FieldReader, fieldReader } from './field-values.ts';
import type { ListQuery, MoreFilter } from './query.ts';

type Test = (entry: Entry) => boolean;

/**
 * `key` or `key=*` for present, `key=value` for equal, `key!=value` for present with another value.
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

/** Filters that every resource understands. */
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

/** Finds the filter of a key; undefined for one that the list does not know. */
export type FilterOfKey = (key: string) => ((entry: Entry, value: string) => boolean) | undefined;

function filterOfKey(definition: ResourceDefinition, catalog: Catalog): FilterOfKey {
  return (key) => {
    const filter = getOwn(definition.filters, key) ?? getOwn(COMMON, key);
    return filter && ((entry, value) => filter(entry, value, catalog));
  };
}

/**
 * What a query asks of entries, apart in what entries have at hand and what is read from `columns`.
 */
export interface Tests {
  plain: Test[];
  derived: Test[];
  columns: Column[];
}

/** The test of one filter; a list of names, which may be long, is read once. */
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

/**
 * The tests of what 3.0's queries do not have; `never` where a filter is unknown, as nothing passes
 * that in 3.0 either.
 */
export function moreTests(
  definition: ResourceDefinition,
  query: Pick<ListQuery, 'fields' | 'words' | 'more' | 'hidden'>,
  catalog: Catalog,
  filterOf: FilterOfKey,
): Tests | 'never' {
  const tests: Tests = { plain: [], derived: [], columns: [] };
  const { hidden, fields, words } = query;
  if (hidden) {
    tests.plain.push((entry) => !hidden.has(entry.namespace));
  }

  for (const { key, values, negated } of query.more ?? ([] as MoreFilter[])) {
    const filter = filterOf(key);
    if (!filter) {
      return 'never';
    }

    const each = values.map((value) => testOf(key, value, filter));
    tests.plain.push((entry) => each.some((passes) => passes(entry)) !== negated);
  }

  if (fields) {
    const readers = new Map<string, FieldReader>();

    for (const { field, path } of fields.flat()) {
      readers.set(field, fieldReader(definition, field, path, catalog.columns));
    }

    const columns = [...readers.values()].flatMap(({ column }) => column ?? []);
    tests.columns.push(...columns);

    (columns.length > 0 ? tests.derived : tests.plain).push((entry) =>
      fields.some((conditions) =>
        conditions.every(
          ({ field, operator, value }) =>
            (String(readers.get(field)!.of(entry) ?? '') === value) === (operator === '='),
        ),
      ),
    );
  }

  if (words) {
    const column = searchColumn(definition, catalog.columns);
    tests.columns.push(column);

    tests.derived.push((entry) => {
      const text = String(column.of(entry));
      return words.every((word) => text.includes(word));
    });
  }

  return tests;
}

/** All tests of a query of v1alpha3; `never` when nothing can pass. */
export function testsOf(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Tests | 'never' {
  const known = filterOfKey(definition, catalog);
  const tests = moreTests(definition, query, catalog, known);
  if (tests === 'never') {
    return tests;
  }

  const { labels } = query;
  if (labels) {
    tests.plain.push((entry) => labels.matches(entry.labels));
  }

  for (const [key, value] of query.filters) {
    const filter = known(key);
    // Ignoring an unknown filter would show what was meant to be filtered out.
    if (!filter) {
      return 'never';
    }

    tests.plain.push(testOf(key, value, filter));
  }

  return tests;
}

/** Whether filters of a query look at other objects than the entry. */
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
 * One test for all of a query's filters, for looking at single entries; undefined when everything
 * passes, `never` when nothing can.
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
 * The entries that pass, in their order, at once where entries have all at hand; else objects are
 * read in turns.
 */
export function passing(
  entries: readonly Entry[],
  { plain, derived, columns }: Tests,
  catalog: Catalog,
): readonly Entry[] | Promise<readonly Entry[]> {
  const [only] = plain;
  let left = entries;

  if (plain.length === 1) {
    left = entries.filter(only!);
  } else if (plain.length > 1) {
    left = entries.filter((entry) => plain.every((passes) => passes(entry)));
  }

  if (derived.length === 0) {
    return left;
  }

  // What comes from a store changes under our feet while objects are read.
  const copy = left === entries ? [...entries] : left;

  return catalog.columns.filter(copy, columns, (entry) => derived.every((passes) => passes(entry)));
}
