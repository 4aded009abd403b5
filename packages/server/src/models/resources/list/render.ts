import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { objectBytes } from '@ks-apiserver/client/informer/object-bytes';
import type { Catalog } from '../catalog/catalog.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';
import type { Page } from './list.ts';

const HEAD = Buffer.from('{"items":[');
const COMMA = Buffer.from(',');

const annotatedBytes = new WeakMap<Entry, { version: number; bytes: Buffer }>();

/**
 * Returns an entry's bytes with computed annotations, made again only if one of them has changed.
 */
export function bytesOf(entry: Entry, definition: ResourceDefinition, catalog: Catalog): Buffer {
  if (!definition.annotate || !definition.annotationVersion) {
    return entry.bytes;
  }

  const version = definition.annotationVersion(entry, catalog);
  if (version === 0) {
    return entry.bytes;
  }

  const known = annotatedBytes.get(entry);
  if (known?.version === version) {
    return known.bytes;
  }

  const object: KubeObject = JSON.parse(entry.bytes.toString());
  object.metadata.annotations = {
    ...object.metadata.annotations,
    ...definition.annotate(entry, catalog),
  };

  const bytes = objectBytes(Buffer.from(JSON.stringify(object)));
  annotatedBytes.set(entry, { version, bytes });

  return bytes;
}

/**
 * The name of the total in a list's answer: `totalItems` in v1alpha3, `total_count` in v1alpha2.
 */
export type TotalKey = 'totalItems' | 'total_count';

/**
 * Returns the pieces of `{"items":[…],…}` and their total length: the bytes of items, which are not
 * copied, and the members behind them.
 */
export function itemsBody(
  items: readonly Buffer[],
  members: string,
): { pieces: Buffer[]; length: number } {
  const tail = Buffer.from(`],${members}}`);
  const pieces: Buffer[] = [HEAD];
  let length = HEAD.length + tail.length + Math.max(0, items.length - 1);

  for (const bytes of items) {
    if (pieces.length > 1) {
      pieces.push(COMMA);
    }

    length += bytes.length;
    pieces.push(bytes);
  }

  pieces.push(tail);

  return { pieces, length };
}

/**
 * Returns the pieces of a list's answer `{"items":[…],"totalItems":n}` and their total length;
 * cached bytes are not copied.
 */
export function listBody(
  page: Page,
  definition: ResourceDefinition,
  catalog: Catalog,
  totalKey: TotalKey = 'totalItems',
): { pieces: Buffer[]; length: number } {
  const next = page.continue === undefined ? '' : `,"continue":${JSON.stringify(page.continue)}`;
  const items = page.entries.map((entry) => bytesOf(entry, definition, catalog));

  return itemsBody(items, `"${totalKey}":${page.total}${next}`);
}
