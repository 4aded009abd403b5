import { aggregatedNames } from '@ks-apiserver/api/aggregation';
import { AGGREGATION_ROLES } from '@ks-apiserver/api/annotations';
import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../catalog/catalog.ts';
import type { ResourceDefinition } from '../catalog/definition.ts';
import { passing, testsOf } from '../query/filters.ts';
import { type ListQuery, pageOf } from '../query/query.ts';
import { orderingOf, sortedUpTo, storeOrder } from '../query/sort.ts';
import type { ListedStore } from './listed-store.ts';
import { viewed } from './views.ts';

/** A page of entries and how many there are on all pages. */
export interface Page {
  entries: readonly Entry[];
  total: number;
  /** Where the page is one of a snapshot: the token of the next one, '' on the last. */
  continue?: string;
}

const NONE: Page = { entries: [], total: 0 };

function reversed(entries: readonly Entry[], from: number, to: number): Entry[] {
  const page: Entry[] = [];

  for (let i = from; i < to; i++) {
    page.push(entries[entries.length - 1 - i]!);
  }

  return page;
}

/** A page of what a query finds, in its order. */
function pageIn(entries: readonly Entry[], query: ListQuery): Page {
  const [from, to] = pageOf(query, entries.length) ?? [0, 0];
  return { entries: entries.slice(from, to), total: entries.length };
}

/** A page of entries that passed a query and are in no order yet. */
function sortedPage(
  passed: readonly Entry[],
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Page | Promise<Page> {
  const ordering = orderingOf(definition, query, catalog);

  const page = (entries: readonly Entry[]): Page | Promise<Page> => {
    const [from, to] = pageOf(query, entries.length) ?? [0, 0];
    return whenReady(sortedUpTo(entries, ordering, to), (sorted) => ({
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

/**
 * One page of entries that were found otherwise than by going through the store, those that pass
 * the query's filters.
 */
export function pageEntries(
  found: readonly Entry[],
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
): Page | Promise<Page> {
  if (query.continue !== undefined) {
    throw badRequest('parameter continue: this list has no snapshots');
  }

  const tests = testsOf(definition, query, catalog);
  if (tests === 'never') {
    return NONE;
  }

  return whenReady(passing(found, tests, catalog), (passed) =>
    sortedPage(passed, definition, query, catalog),
  );
}

/** The roles that a role is made from, by `aggregateTo`: the labelSelector does not count there. */
function aggregatedPage(
  store: ListedStore,
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  namespace: string,
): Page | Promise<Page> {
  const filters = new Map(query.filters);
  const role = store.get(filters.get('aggregateTo') ?? '', namespace);

  filters.delete('aggregateTo');

  // Of the object itself: an entry keeps the beginning of a long annotation only.
  const annotation = role?.object?.metadata.annotations?.[AGGREGATION_ROLES];
  const entries = aggregatedNames(annotation).flatMap((name) => store.get(name, namespace) ?? []);

  return pageEntries(entries, definition, { ...query, filters, labels: undefined }, catalog);
}

/**
 * Keeps a whole list as it is now, or goes on with one that was kept; answers the page that the
 * query asks for.
 */
export async function snapshotPage(
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  whole: () => readonly Entry[] | Promise<readonly Entry[]>,
): Promise<Page> {
  const { scope, caller = '', limit, continue: token, hidden } = query;
  const store = catalog.storeOf(definition);
  if (scope === undefined || !store) {
    throw badRequest('parameter continue: this list has no snapshots');
  }

  // Who sees more or less than before does not go on where he was.
  const bound = JSON.stringify([scope, hidden ? [...hidden] : null]);
  const { snapshots } = catalog;

  if (token) {
    const { id, entries, offset } = snapshots.read(token, bound);
    const end = offset + limit;
    const next = end < entries.length ? snapshots.tokenOf(id, end) : '';
    return { entries: entries.slice(offset, end), total: entries.length, continue: next };
  }

  const entries = await whole();
  const next = limit < entries.length ? snapshots.begin(caller, bound, store, entries, limit) : '';

  return { entries: entries.slice(0, limit), total: entries.length, continue: next };
}

/**
 * One page of a resource: taken from an ordered index, or a view that is kept up to date, so that
 * it costs the page. It is there at once unless objects have to be read for it, or many looked at
 * for the first time. Throws BadRequest for a sort key that the resource does not have.
 */
export function listPage(
  store: ListedStore,
  definition: ResourceDefinition,
  query: ListQuery,
  catalog: Catalog,
  namespace?: string,
): Page | Promise<Page> {
  if (definition.aggregates && query.filters.has('aggregateTo')) {
    return aggregatedPage(store, definition, query, catalog, namespace ?? '');
  }

  if (query.continue !== undefined) {
    const all = { ...query, continue: undefined, limit: -1, page: 1 };
    const whole = () =>
      whenReady(listPage(store, definition, all, catalog, namespace), ({ entries }) => entries);
    return snapshotPage(definition, query, catalog, whole);
  }

  const tests = testsOf(definition, query, catalog);
  if (tests === 'never') {
    return NONE;
  }

  const order = storeOrder(definition, query);

  // Cluster-scoped resources have no namespace to be narrowed to.
  const where = definition.namespaced ? namespace : undefined;

  if (tests.plain.length > 0 || !order) {
    const view = viewed(
      store,
      definition,
      query,
      tests,
      orderingOf(definition, query, catalog),
      where,
    );
    if (view) {
      return whenReady(view, (entries) => pageIn(entries, query));
    }
  }

  const ordered = store.list(order ?? 'creationTimestamp', where);

  return whenReady(passing(ordered, tests, catalog), (passed): Page | Promise<Page> => {
    if (!order) {
      return sortedPage(passed, definition, query, catalog);
    }

    const [from, to] = pageOf(query, passed.length) ?? [0, 0];
    const entries = query.ascending ? passed.slice(from, to) : reversed(passed, from, to);

    return { entries, total: passed.length };
  });
}
