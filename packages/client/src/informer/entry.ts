import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/**
 * One object as the cache keeps it: its bytes as they go on the wire, and the few fields that lists
 * filter and sort by.
 */
export interface Entry {
  readonly name: string;
  readonly namespace: string;
  uid: string;
  /** Creation time in milliseconds since 1970; 0 where the object has none. */
  readonly created: number;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  owners: readonly { uid: string; kind: string }[];
  bytes: Buffer;
  /**
   * The same bytes with a comma behind them, once a list has needed them: thousands of views a list
   * would keep the collector busy.
   */
  separated: Buffer | undefined;
  /** What the resource's own filters and sort keys need. */
  fields: Readonly<Record<string, unknown>>;
  /** The parsed object, for resources whose informer keeps it. */
  object: KubeObject | undefined;
}

/** Long annotation values are of no use to filters; their presence is. In characters. */
const ANNOTATION_LIMIT = 256;
const NONE = Object.freeze({}) as Readonly<Record<string, string>>;
const NO_OWNERS: Entry['owners'] = Object.freeze([]);

function shortened(annotations: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {};
  // A slice alone would keep the whole text alive.
  for (const [key, value] of Object.entries(annotations)) {
    kept[key] =
      value.length > ANNOTATION_LIMIT ? structuredClone(value.slice(0, ANNOTATION_LIMIT)) : value;
  }

  return kept;
}

/** Makes the entry of a parsed object. */
export function entryOf(
  object: KubeObject,
  bytes: Buffer,
  fields: Record<string, unknown>,
  keep: boolean,
): Entry {
  const { metadata } = object;

  return {
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    created: metadata.creationTimestamp ? Date.parse(metadata.creationTimestamp) || 0 : 0,
    resourceVersion: metadata.resourceVersion ?? '',
    labels: metadata.labels ?? NONE,
    annotations: metadata.annotations ? shortened(metadata.annotations) : NONE,
    owners: metadata.ownerReferences?.map(({ uid, kind }) => ({ uid, kind })) ?? NO_OWNERS,
    bytes,
    separated: undefined,
    fields,
    object: keep ? object : undefined,
  };
}

/** Orders by name, then namespace, by code units. */
export function byName(a: Entry, b: Entry): number {
  if (a.name !== b.name) {
    return a.name < b.name ? -1 : 1;
  }
  return a.namespace === b.namespace ? 0 : a.namespace < b.namespace ? -1 : 1;
}

/** Orders by creation time, oldest first, then by name. */
export function byCreation(a: Entry, b: Entry): number {
  return a.created - b.created || byName(a, b);
}
