import { badRequest, expired } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { listPage, type Page } from '../../resources/list/list.ts';
import { type ComparePlaced, mergedPart } from '../../resources/list/merged-pages.ts';
import { NarrowedStore } from '../../resources/list/narrowed-store.ts';
import { Snapshots } from '../../resources/list/snapshots.ts';
import {
  mergedOrder,
  withClusterOrder,
  withinCluster,
} from '../../resources/query/merged-order.ts';
import { type ListQuery, pageOf } from '../../resources/query/query.ts';
import { searchOrder, searchPage } from '../../resources/search/search.ts';
import { searchQueryOf } from '../../resources/search/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../../resources/search/search-types.ts';
import { accessKey, type ClusterSource } from './cluster-source.ts';

/** An object in a list of several clusters. */
export interface ClusterEntry {
  entry: Entry;
  source: ClusterSource;
}

/** A page of a list of several clusters. */
export interface ClusterPage {
  entries: readonly ClusterEntry[];
  /** Number of objects on all pages. */
  total: number;
  /** The same by cluster. */
  totals: ReadonlyMap<string, number>;
  /** For pages of a snapshot: the token of the next page, '' on the last. */
  continue?: string;
}

/** What a page is made of. */
export interface ClusterPageRequest {
  sources: readonly ClusterSource[];
  query: ListQuery;
  namespace: string | undefined;
}

interface Snapshot {
  totals: ReadonlyMap<string, number>;
  /** By cluster, what the caller might see there. */
  access: ReadonlyMap<string, string>;
}

/** Whether a list is answered by 3.0's older search. */
export function isSearched({ definition, catalog }: ClusterSource): boolean {
  return (
    SEARCHED_IN_V1ALPHA3.has(definition.resource) &&
    catalog.find(definition.resource) === definition
  );
}

/** Returns the beginning of one cluster's part of a list, up to a number of objects or all (-1). */
function beginning(
  source: ClusterSource,
  given: ListQuery,
  namespace: string | undefined,
): Page | Promise<Page> {
  const { store, definition, catalog, access } = source;
  const query = { ...withinCluster(given), hidden: access.hidden };
  const readable = access.visible ? new NarrowedStore(store, access.visible.names) : store;
  const list = { store: readable, definition, catalog };

  return isSearched(source)
    ? searchPage(list, searchQueryOf(query), namespace)
    : listPage(list, query, namespace);
}

function orderOf(query: ListQuery, sources: readonly ClusterSource[]): ComparePlaced {
  const [first] = sources;
  if (!first || query.sort || !isSearched(first)) {
    return mergedOrder(query, sources);
  }

  const { compare, sign } = searchOrder(first.definition, searchQueryOf(query));
  return (a, b) => sign * (compare(a.entry, b.entry) || a.list - b.list);
}

/** Returns how many objects of each cluster a page may need: -1 for all. */
function neededOf({ limit, page }: ListQuery): number {
  return limit === -1 ? -1 : Math.max(0, limit * page);
}

async function mergePage(
  { sources, namespace }: ClusterPageRequest,
  query: ListQuery,
): Promise<ClusterPage> {
  const needed = { ...query, page: 1, limit: neededOf(query), continue: undefined };
  const parts = await Promise.all(sources.map((source) => beginning(source, needed, namespace)));
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  const lists = parts.map(({ entries }) => entries);
  const range = pageOf(query, total) ?? [0, 0];
  const merged = await mergedPart(lists, orderOf(query, sources), range);

  return {
    entries: merged.flatMap(({ entry, list }) => {
      const source = sources[list];
      return source ? { entry, source } : [];
    }),
    total,
    totals: new Map(sources.map(({ cluster }, i) => [cluster, parts[i]?.total ?? 0])),
  };
}

/** Makes pages of lists of several clusters, and keeps snapshots of those that are read in parts. */
export class ClusterPages {
  readonly #snapshots = new Snapshots<ClusterEntry>();
  readonly #details = new WeakMap<readonly ClusterEntry[], Snapshot>();

  /**
   * Returns a page, sorted over all clusters. Throws BadRequest for a sort key that the resource
   * does not have, Expired for a snapshot that is not kept or that the caller may not see any more.
   */
  async page(request: ClusterPageRequest): Promise<ClusterPage> {
    const query = withClusterOrder(request.query);
    return query.continue === undefined
      ? mergePage(request, query)
      : this.#snapshotPage(request, query, query.continue);
  }

  async #snapshotPage(
    request: ClusterPageRequest,
    query: ListQuery,
    token: string,
  ): Promise<ClusterPage> {
    const { scope, caller = '', limit } = query;
    if (scope === undefined) {
      throw badRequest('parameter continue: this list has no snapshots');
    }

    this.#snapshots.expire();

    if (token !== '') {
      const { id, entries, offset } = this.#snapshots.read(token, scope);
      const totals = this.#checkAccess(entries, request.sources);
      const end = offset + limit;

      return {
        entries: entries.slice(offset, end),
        total: entries.length,
        totals,
        continue: end < entries.length ? this.#snapshots.tokenOf(id, end) : '',
      };
    }

    const { sources } = request;
    const whole = await mergePage(request, { ...query, limit: -1, page: 1 });
    const { entries, totals, total } = whole;
    const stores = sources.map(({ store }) => store);

    this.#details.set(entries, {
      totals,
      access: new Map(sources.map((source) => [source.cluster, accessKey(source.access)])),
    });

    const next =
      limit < total ? this.#snapshots.begin({ caller, scope, stores, entries }, limit) : '';

    return { entries: entries.slice(0, limit), total, totals, continue: next };
  }

  /** Throws Expired unless the caller may still see everything of a snapshot. */
  #checkAccess(
    entries: readonly ClusterEntry[],
    sources: readonly ClusterSource[],
  ): ReadonlyMap<string, number> {
    const details = this.#details.get(entries);
    const now = new Map(sources.map((source) => [source.cluster, accessKey(source.access)]));

    for (const [cluster, access] of details?.access ?? []) {
      if (now.get(cluster) !== access) {
        throw expired(
          `what you may read of cluster ${cluster} has changed, or cannot be found out now: begin again with an empty continue`,
        );
      }
    }

    return details?.totals ?? new Map();
  }
}
