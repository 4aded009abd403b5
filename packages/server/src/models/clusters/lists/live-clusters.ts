import { expired } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { Feed, type WindowLimits } from '../../live/feed.ts';
import type { LiveList, LiveOrigin } from '../../live/live-lists.ts';
import { isWhole, matcherOf, othersOf } from '../../live/matcher.ts';
import { bytesOf } from '../../resources/list/render.ts';
import { withinCluster } from '../../resources/query/merged-order.ts';
import type { ListQuery } from '../../resources/query/query.ts';
import type { ResourceDefinition } from '../../resources/query/resource-definition.ts';
import { labelledBytes } from './cluster-body.ts';
import { type ClusterEntry, type ClusterPages, isSearched } from './cluster-pages.ts';
import { accessKey, type ClusterSource, type ClusterSources } from './cluster-source.ts';

/** Numbers that tell stores apart for as long as they live. */
const numbers = new WeakMap<InformerStore, number>();
let lastNumber = 0;

function numberOf(store: InformerStore): number {
  const number = numbers.get(store) ?? ++lastNumber;
  numbers.set(store, number);
  return number;
}

/** The clusters of entries that are in no store any more, or that pages have under another uid. */
const placedEntries = new WeakMap<Entry, ClusterEntry>();

/** Objects with their label, as long as somebody has sent them, by the bytes without it. */
const sentBytes = new WeakMap<Buffer, WeakRef<Buffer>>();

/** Returns an entry of a page or a change with its cluster. Throws an Error for any other. */
function placedOf(entry: Entry, sources: readonly ClusterSource[]): ClusterEntry {
  const known = placedEntries.get(entry);
  if (known) {
    return known;
  }

  const source = sources.find(({ store }) => store.get(entry.name, entry.namespace) === entry);
  if (!source) {
    throw new Error(`${entry.name} is in none of the clusters of its list`);
  }

  return { entry, source };
}

/**
 * Returns an entry for pages that are compared with each other: with a uid that no object of another
 * cluster can have.
 */
function pageEntry(placed: ClusterEntry): Entry {
  const shown = { ...placed.entry, uid: `${placed.source.cluster}/${placed.entry.uid}` };
  placedEntries.set(shown, placed);
  return shown;
}

/** Returns an object with its cluster; an object that has not changed is the same buffer again. */
function keptBytes(placed: ClusterEntry): Buffer {
  const { entry, source } = placed;
  const plain = bytesOf(entry, source.definition, source.catalog);
  const sent = sentBytes.get(plain)?.deref();
  if (sent) {
    return sent;
  }

  const labelled = labelledBytes(placed);
  sentBytes.set(plain, new WeakRef(labelled));

  return labelled;
}

/** A feed of several clusters; it notes from which of them each change is. */
class ClusterFeed extends Feed {
  readonly #stops: readonly (() => void)[];

  constructor(
    definition: ResourceDefinition,
    sources: readonly ClusterSource[],
    limits: WindowLimits,
  ) {
    // Listeners are called in their order: a change is noted before the feed has it.
    const stops = sources.map((source) =>
      source.store.onChange(({ entry, previous }) => {
        placedEntries.set(entry, { entry, source });
        if (previous) {
          placedEntries.set(previous, { entry: previous, source });
        }
      }),
    );

    super(definition, sources, limits);
    this.#stops = stops;
  }

  override close(): void {
    for (const stop of this.#stops) {
      stop();
    }

    super.close();
  }
}

/** A live list of several clusters. */
export interface LiveClusterRequest {
  definition: ResourceDefinition;
  opened: Pick<ClusterSources, 'sources' | 'states'>;
  query: ListQuery;
  namespace: string | undefined;
  /** Equal for equal queries. */
  key: string;
}

/** Returns a test of whether an entry is in the list; undefined where the entry does not decide. */
function matcherOfClusters({
  opened: { sources },
  query,
  namespace,
}: LiveClusterRequest): LiveList['matches'] {
  if (!isWhole(query)) {
    return undefined;
  }

  const tests = new Map<string, (entry: Entry) => boolean>();

  for (const source of sources) {
    const { cluster, definition, catalog, access } = source;
    const where = { namespace, visible: access.visible?.names, searched: isSearched(source) };
    const own = { ...withinCluster(query), hidden: access.hidden };
    const test = matcherOf(definition, own, catalog, where);
    if (!test) {
      return undefined;
    }

    tests.set(cluster, test);
  }

  return (entry) => {
    const { source } = placedOf(entry, sources);
    return tests.get(source.cluster)?.(entry) === true;
  };
}

function originOfClusters(
  { definition, opened: { sources, states } }: LiveClusterRequest,
  toBytes: (placed: ClusterEntry) => Buffer,
): LiveOrigin {
  const missing = states
    .filter(({ state }) => state === 'unreachable')
    .map(({ name }) => `${definition.resource};cluster=${name};unreachable`);

  return {
    key: `${definition.resource}.${definition.group} of ${sources.map(({ store }) => numberOf(store)).join()}`,
    openFeed: (limits) => new ClusterFeed(definition, sources, limits),
    bytesOf: (entry) => toBytes(placedOf(entry, sources)),
    stale: () => {
      const notes = [...sources.flatMap((source) => source.stale() ?? []), ...missing];
      return notes.length === 0 ? undefined : notes.join(', ');
    },
    gone: () =>
      sources.every((source) => source.isCurrent())
        ? undefined
        : expired(
            `a cluster is not followed any more, or what you may read in it has changed: begin again without resourceVersion`,
          ),
  };
}

/**
 * Returns a list of several clusters as a live list. It ends when one of these is not followed any
 * more, or the caller may see more or less of it.
 */
export function liveClusterList(request: LiveClusterRequest, pages: ClusterPages): LiveList {
  const { opened, query, namespace, key } = request;
  const { sources } = opened;
  const matches = matcherOfClusters(request);

  return {
    // Pages are compared by their bytes; a whole list is not, and must not be kept twice.
    origin: originOfClusters(request, matches ? labelledBytes : keptBytes),
    key: JSON.stringify([sources.map(({ cluster, access }) => [cluster, accessKey(access)]), key]),
    page: async () => {
      const { entries, total } = await pages.page({ sources, query, namespace });
      return { entries: entries.map(pageEntry), total };
    },
    matches,
    offset: query.limit === -1 ? undefined : Math.max(0, (query.page - 1) * query.limit),
    others: sources.flatMap(({ definition, catalog }) => othersOf(definition, query, catalog)),
  };
}
