import { aggregatedNames } from '@ks-apiserver/api/aggregation';
import { AGGREGATION_ROLES } from '@ks-apiserver/api/annotations';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import { filterEntries, testsOf } from '../query/filters.ts';
import { type ListQuery, pageOf } from '../query/query.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';
import { orderingOf, sortUpTo, storeOrder } from '../query/sort.ts';
import type { ListSource } from './listed-store.ts';
import { entriesFromView } from './views.ts';

/** A page of entries, and the number of entries on all pages. */
export interface Page {
  entries: readonly Entry[];
  total: number;
  /** For pages of a snapshot: the token of the next page, '' on the last. */
  continue?: string;
}

const NONE: Page = { entries: [], total: 0 };

/** Returns the entries from `from` up to `to`, counted from the end. */
function sliceFromEnd(entries: readonly Entry[], from: number, to: number): Entry[] {
  return entries.slice(entries.length - to, entries.length - from).reverse();
}

/** Returns a page of entries that are in order. */
function cutPage(entries: readonly Entry[], query: ListQuery): Page {
  const [from, to] = pageOf(query, entries.length) ?? [0, 0];
  return { entries: entries.slice(from, to), total: entries.length };
}

/** Sorts entries and returns a page of them. */
function sortAndCut(
  passed: readonly Entry[],
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Awaitable<Page> {
  const ordering = orderingOf(definition, query, catalog);

  const page = (entries: readonly Entry[]): Awaitable<Page> => {
    const [from, to] = pageOf(query, entries.length) ?? [0, 0];
    return whenReady(sortUpTo(entries, ordering, to), (sorted) => ({
      entries: sorted.slice(from, to),
      total: entries.length,
    }));
  };

  if (ordering.columns.length === 0) {
    return page(passed);
  }

  const copy = [...passed];

  return catalog.columns.fill(copy, ordering.columns).then(() => page(copy));
}

/** Returns a page of those of the given entries that pass the query's filters. */
export function pageEntries(
  found: readonly Entry[],
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Awaitable<Page> {
  if (query.continue !== undefined) {
    throw badRequest('parameter continue: this list has no snapshots');
  }

  const tests = testsOf(definition, query, catalog);
  if (tests === 'never') {
    return NONE;
  }

  return whenReady(filterEntries(found, tests, catalog), (passed) =>
    sortAndCut(passed, definition, query, catalog),
  );
}

/**
 * Lists the roles that a role is aggregated from, by `aggregateTo`; the labelSelector does not
 * count.
 */
function pageOfAggregatedRoles(
  { store, definition, catalog }: ListSource,
  query: ListQuery,
  namespace: string,
): Awaitable<Page> {
  const filters = new Map(query.filters);
  const role = store.get(filters.get('aggregateTo') ?? '', namespace);

  filters.delete('aggregateTo');

  // Read from the object: an entry has only the beginning of a long annotation.
  const annotation = role?.object?.metadata.annotations?.[AGGREGATION_ROLES];
  const entries = aggregatedNames(annotation).flatMap((name) => store.get(name, namespace) ?? []);

  return pageEntries(entries, definition, { ...query, filters, labels: undefined }, catalog);
}

/** Begins a snapshot of a list, or continues one; returns the page that the query asks for. */
export async function snapshotPage(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  whole: () => Awaitable<readonly Entry[]>,
): Promise<Page> {
  const { scope, caller = '', limit, continue: token, hidden } = query;
  const store = catalog.storeOf(definition);
  if (scope === undefined || !store) {
    throw badRequest('parameter continue: this list has no snapshots');
  }

  // A caller whose visible namespaces have changed cannot continue.
  const bound = JSON.stringify([scope, hidden ? [...hidden] : null]);
  const { snapshots } = catalog;

  if (token) {
    const { id, entries, offset } = snapshots.read(token, bound);
    const end = offset + limit;
    const next = end < entries.length ? snapshots.tokenOf(id, end) : '';
    return { entries: entries.slice(offset, end), total: entries.length, continue: next };
  }

  const entries = await whole();
  const next =
    limit < entries.length
      ? snapshots.begin({ caller, scope: bound, stores: [store], entries }, limit)
      : '';

  return { entries: entries.slice(0, limit), total: entries.length, continue: next };
}

/**
 * Returns a page of a resource, from an ordered index or an up-to-date view, so that its cost does
 * not grow with the list. Returns a promise only if objects have to be read, or many be tested for
 * the first time. Throws BadRequest for a sort key that the resource does not have.
 */
export function listPage(
  source: ListSource,
  query: ListQuery,
  namespace?: string,
): Awaitable<Page> {
  const { store, definition, catalog } = source;

  if (definition.aggregates && query.filters.has('aggregateTo')) {
    return pageOfAggregatedRoles(source, query, namespace ?? '');
  }

  if (query.continue !== undefined) {
    const all = { ...query, continue: undefined, limit: -1, page: 1 };
    const whole = () => whenReady(listPage(source, all, namespace), ({ entries }) => entries);
    return snapshotPage(definition, query, catalog, whole);
  }

  const tests = testsOf(definition, query, catalog);
  if (tests === 'never') {
    return NONE;
  }

  const order = storeOrder(definition, query);

  // The namespace does not apply to cluster-scoped resources.
  const where = definition.namespaced ? namespace : undefined;

  if (tests.plain.length > 0 || !order) {
    const ordering = orderingOf(definition, query, catalog);
    const view = entriesFromView(source, query, { tests, ordering, namespace: where });
    if (view) {
      return whenReady(view, (entries) => cutPage(entries, query));
    }
  }

  const ordered = store.list(order ?? 'creationTimestamp', where);

  return whenReady(filterEntries(ordered, tests, catalog), (passed): Awaitable<Page> => {
    if (!order) {
      return sortAndCut(passed, definition, query, catalog);
    }

    const [from, to] = pageOf(query, passed.length) ?? [0, 0];
    const entries = query.ascending ? passed.slice(from, to) : sliceFromEnd(passed, from, to);

    return { entries, total: passed.length };
  });
}
