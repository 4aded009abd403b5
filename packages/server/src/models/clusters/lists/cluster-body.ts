import { createHash, randomBytes } from 'node:crypto';
import { forEachInSlices } from '@ks-apiserver/apimachinery/concurrency/slices';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { objectBytes } from '@ks-apiserver/client/informer/object-bytes';
import { bytesOf } from '../../resources/list/render.ts';
import type { ClusterEntry, ClusterPage } from './cluster-pages.ts';
import type { ClusterSources, ClusterState } from './cluster-source.ts';

/** The member of an item that names its cluster. */
const KEY = '"cluster"';
const HEAD = Buffer.from('{"items":[');
const CLOSING_BRACE = 0x7d;

/** Tags of one process are not valid in another. */
const INSTANCE = randomBytes(6).toString('base64url');

/** Bytes of objects that had a member of that name themselves. */
const renamed = new WeakMap<Entry, { from: Buffer; bytes: Buffer }>();

/**
 * Returns an object's bytes without a member `cluster` of its own: two of the same name would be
 * ambiguous. The check is for objects that mean no harm: whoever hides the name behind escapes still
 * loses, because the label comes last.
 */
function withoutOwn(entry: Entry, bytes: Buffer): Buffer {
  if (!bytes.includes(KEY)) {
    return bytes;
  }

  const known = renamed.get(entry);
  if (known?.from === bytes) {
    return known.bytes;
  }

  const { cluster, ...rest } = JSON.parse(bytes.toString());
  const shown = cluster === undefined ? bytes : objectBytes(Buffer.from(JSON.stringify(rest)));

  renamed.set(entry, { from: bytes, bytes: shown });

  return shown;
}

/** Returns an object up to, but without, its last brace; nothing is copied. */
function openBytes({ entry, source }: ClusterEntry): Buffer {
  const bytes = withoutOwn(entry, bytesOf(entry, source.definition, source.catalog));
  return bytes.subarray(0, bytes.lastIndexOf(CLOSING_BRACE));
}

/** Returns what ends an object with the name of its cluster. */
function labelOf(cluster: string): string {
  return `,${KEY}:${JSON.stringify(cluster)}}`;
}

/** Returns an object with the name of its cluster, in one piece. */
export function labelledBytes(placed: ClusterEntry): Buffer {
  return Buffer.concat([openBytes(placed), Buffer.from(labelOf(placed.source.cluster))]);
}

/** Adds the number of objects of each cluster to what is said of it. */
function withTotals(states: readonly ClusterState[], { totals }: ClusterPage): ClusterState[] {
  return states.map((state) => {
    const totalItems = totals.get(state.name);
    return totalItems === undefined ? state : { ...state, totalItems };
  });
}

/**
 * Returns the pieces of `{"items":[…],"totalItems":n,"clusters":[…]}` and their length. Each item is
 * the cached bytes of its object, which are not copied, with a member `cluster` at its end.
 */
export async function clusterListBody(
  page: ClusterPage,
  { states, isIncomplete }: Pick<ClusterSources, 'states' | 'isIncomplete'>,
): Promise<{ pieces: Buffer[]; length: number }> {
  const tail = JSON.stringify({
    totalItems: page.total,
    ...(page.continue !== undefined && { continue: page.continue }),
    clusters: withTotals(states, page),
    ...(isIncomplete && { incomplete: true }),
  });
  const pieces: Buffer[] = [HEAD];
  const labels = new Map<string, { last: Buffer; inner: Buffer }>();
  let left = page.entries.length;

  await forEachInSlices(page.entries, (placed) => {
    const { cluster } = placed.source;
    let label = labels.get(cluster);
    if (!label) {
      const text = labelOf(cluster);
      label = { last: Buffer.from(text), inner: Buffer.from(`${text},`) };
      labels.set(cluster, label);
    }

    left -= 1;
    pieces.push(openBytes(placed), left > 0 ? label.inner : label.last);
  });

  pieces.push(Buffer.from(`],${tail.slice(1)}`));

  return { pieces, length: pieces.reduce((sum, piece) => sum + piece.length, 0) };
}

/**
 * Returns the ETag of a page: it covers the versions, the order and the clusters of its objects, all
 * totals, and which clusters are stale or missing. Undefined when objects have no version. Members
 * choose their versions themselves, so that a digest is needed for which none can be invented.
 */
export async function clusterListTag(
  page: ClusterPage,
  { sources, states, isIncomplete }: Omit<ClusterSources, 'release'>,
): Promise<string | undefined> {
  const digest = createHash('sha256');
  const [first] = sources;
  const kinds = sources.map(({ cluster, definition, staleSince }) => [
    cluster,
    definition.version,
    staleSince,
  ]);

  digest.update(
    JSON.stringify([
      first?.definition.group,
      first?.definition.resource,
      kinds,
      // The time since when a copy is stale is rounded, its source above is not.
      withTotals(states, page).map(({ since: _, ...state }) => state),
      isIncomplete,
      page.total,
    ]),
  );

  if (page.entries.some(({ entry }) => entry.uid === '' || entry.resourceVersion === '')) {
    return undefined;
  }

  await forEachInSlices(page.entries, ({ entry, source }) => {
    const { uid, resourceVersion, namespace, name } = entry;
    const { annotate, annotationVersion } = source.definition;
    const version = annotate && annotationVersion ? annotationVersion(entry, source.catalog) : 0;

    digest.update(JSON.stringify([source.cluster, namespace, name, uid, resourceVersion, version]));
  });

  return `W/"${INSTANCE}.${digest.digest('base64url').slice(0, 27)}"`;
}
