import { forEachInSlices, sortInSlices } from '@ks-apiserver/apimachinery/concurrency/slices';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { getOwn } from '@ks-apiserver/apimachinery/json/json';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { byCreation, byName, type Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import type { Column, Value } from '../computed/columns.ts';
import { compareAscending } from './compare.ts';
import { fieldReader } from './field-values.ts';
import type { ListQuery } from './query.ts';
import type { ResourceDefinition, SortKey } from './resource-definition.ts';
import type { SortTerm } from './sort-terms.ts';

/** An order of entries, in which no two are equal, and the columns that it reads. */
export interface Ordering {
  compare: (a: Entry, b: Entry) => number;
  columns: readonly Column[];
}

/** Up to this many first entries are picked out one by one instead of sorting all. */
const MAX_PICKED = 1000;

/** Lists that are longer are sorted in slices, so that other requests can run. */
const MANY = 5000;

const COMMON: Readonly<Record<string, (entry: Entry) => Value>> = {
  name: (entry) => entry.name,
  namespace: (entry) => entry.namespace,
  creationTimestamp: (entry) => entry.created,
  createTime: (entry) => entry.created,
};

function scalar(value: unknown): Value {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** Compares by name, then namespace, then uid. */
export function byIdentity(a: Entry, b: Entry): number {
  return byName(a, b) || compareAscending(a.uid, b.uid);
}

/** Returns how the value of a sort term is read from an entry, and the column that it needs. Throws BadRequest for a key that the resource does not have. */
export function readerOf(
  { text, by }: SortTerm,
  definition: ResourceDefinition,
  catalog: Catalog,
): { of: (entry: Entry) => Value; column?: Column } {
  if (by.kind === 'field') {
    return fieldReader(definition, by.field, by.path, catalog.columns);
  }

  const { key } = by;

  if (by.kind === 'label') {
    return { of: (entry) => getOwn(entry.labels, key) };
  }
  if (by.kind === 'annotation') {
    return { of: (entry) => getOwn(entry.annotations, key) };
  }

  const known = getOwn(COMMON, key) ?? getOwn(definition.sortKeys, key);
  if (known) {
    return { of: known };
  }

  // Values that a resource is filtered by, such as its status, are fields of its entries.
  if (getOwn(definition.filters, key)) {
    return { of: (entry) => scalar(entry.fields[key]) };
  }

  const keys = new Set([
    ...Object.keys(COMMON),
    ...Object.keys(definition.sortKeys ?? {}),
    ...Object.keys(definition.filters ?? {}),
  ]);

  throw badRequest(
    `parameter sortBy: ${definition.resource} have no key "${text}"; there are ${[...keys].join(', ')}, label:KEY, annotation:KEY and paths such as metadata.generation`,
  );
}

/** Compares two different values: numbers come before texts. */
function compareScalars(a: string | number, b: string | number): number {
  if (typeof a === typeof b) {
    return a < b ? -1 : 1;
  }

  return typeof a === 'number' ? -1 : 1;
}

/** Compares values; those that are absent come last in both directions. */
export function compareValues(
  a: Value,
  b: Value,
  { descending }: Pick<SortTerm, 'descending'>,
): number {
  if (a === b) {
    return 0;
  }
  if (a === undefined || a === '') {
    return b === undefined || b === '' ? 0 : 1;
  }
  if (b === undefined || b === '') {
    return -1;
  }

  const order = compareScalars(a, b);

  return descending ? -order : order;
}

/**
 * Returns the order of a query's `sort` terms, ties by name, namespace and uid. Throws BadRequest
 * for a key that the resource does not have.
 */
function byTerms(
  terms: readonly SortTerm[],
  definition: ResourceDefinition,
  catalog: Catalog,
): Ordering {
  const readers = terms.map((term) => ({ ...readerOf(term, definition, catalog), term }));

  return {
    columns: readers.flatMap(({ column }) => column ?? []),
    compare: (a, b) => {
      for (const { of, term } of readers) {
        const order = compareValues(of(a), of(b), term);
        if (order !== 0) {
          return order;
        }
      }

      return byIdentity(a, b);
    },
  };
}

/**
 * Returns 3.0's order by a key of a resource: descending reverses the whole order, including ties.
 */
function byKey(key: SortKey, { ascending }: Pick<ListQuery, 'ascending'>): Ordering {
  const sign = ascending ? 1 : -1;

  return {
    columns: [],
    compare: (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === y) {
        return sign * byIdentity(a, b);
      }

      return x < y ? -sign : sign;
    },
  };
}

/**
 * Returns the order that a store keeps for a query; undefined for orders that are made on demand.
 */
export function storeOrder(
  definition: ResourceDefinition,
  query: ListQuery,
): 'name' | 'creationTimestamp' | undefined {
  if (query.sort || getOwn(definition.sortKeys, query.sortBy)) {
    return undefined;
  }
  return query.sortBy === 'name' ? 'name' : 'creationTimestamp';
}

/**
 * Returns the order of a query. Throws BadRequest for a key that the resource does not have, but
 * not in 3.0's own form.
 */
export function orderingOf(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Ordering {
  if (query.sort) {
    return byTerms(query.sort, definition, catalog);
  }

  const key = getOwn(definition.sortKeys, query.sortBy);
  if (key) {
    return byKey(key, query);
  }

  const compare = query.sortBy === 'name' ? byName : byCreation;

  return { columns: [], compare: query.ascending ? compare : (a, b) => compare(b, a) };
}

/**
 * Returns the first `end` entries of an order, or all if that is cheaper; without waiting unless
 * they are many.
 */
export function sortUpTo(
  entries: readonly Entry[],
  { compare }: Ordering,
  end: number,
): Awaitable<readonly Entry[]> {
  const many = entries.length > MANY;

  if (end === 0) {
    return [];
  }
  if (end > MAX_PICKED || end * 4 > entries.length) {
    return many ? sortInSlices(entries, compare) : [...entries].sort(compare);
  }

  const picked: Entry[] = [];

  const pick = (entry: Entry) => {
    const last = picked.at(-1);
    if (last && picked.length === end && compare(entry, last) >= 0) {
      return;
    }

    let low = 0;

    for (let high = picked.length; low < high; ) {
      const middle = (low + high) >>> 1;
      // `middle` is below `high`, which is at most the length.
      if (compare(picked[middle]!, entry) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    picked.splice(low, 0, entry);

    if (picked.length > end) {
      picked.pop();
    }
  };

  if (many) {
    return forEachInSlices([...entries], pick).then(() => picked);
  }

  entries.forEach(pick);

  return picked;
}
