import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';

/**
 * One object in an informer's store: its bytes as they are sent to clients, and the few fields that
 * lists filter and sort by.
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
  /** Values that the resource's own filters and sort keys need. */
  fields: Readonly<Record<string, unknown>>;
  /** The parsed object without its managed fields, for resources whose informer keeps it. */
  object: PersistedObject | undefined;
}

/**
 * Annotation values longer than this many characters are not kept: filters only need to know that
 * they are there.
 */
const ANNOTATION_LIMIT = 256;
const NONE = Object.freeze({}) as Readonly<Record<string, string>>;
const NO_OWNERS: Entry['owners'] = Object.freeze([]);

function shortened(annotations: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {};
  // Copies the text: a slice would keep the whole of the original in memory.
  for (const [key, value] of Object.entries(annotations)) {
    kept[key] =
      value.length > ANNOTATION_LIMIT ? structuredClone(value.slice(0, ANNOTATION_LIMIT)) : value;
  }

  return kept;
}

/**
 * Returns the parsed object of an entry whose informer keeps objects. Throws an Error for any other
 * entry.
 */
export function objectOf(entry: Entry): PersistedObject {
  if (!entry.object) {
    throw new Error(`the informer of ${entry.name} keeps no objects`);
  }

  return entry.object;
}

/** Returns the object of an entry with everything that it has, to be shown. */
export function wholeObject({ bytes }: Entry): PersistedObject {
  return JSON.parse(bytes.toString());
}

/** What an entry keeps besides bytes and metadata. */
export interface EntryOptions {
  fields?: Readonly<Record<string, unknown>> | undefined;
  keepObject?: boolean | undefined;
}

/** Makes the entry of a parsed object. */
export function makeEntry(
  object: KubeObject,
  bytes: Buffer,
  { fields = {}, keepObject = false }: EntryOptions = {},
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
    fields,
    // An informer follows objects that the API has stored.
    object: keepObject ? (object as PersistedObject) : undefined,
  };
}

/** Compares by name, then namespace, by UTF-16 code units. */
export function byName(a: Entry, b: Entry): number {
  return compareText(a.name, b.name) || compareText(a.namespace, b.namespace);
}

/** Compares by creation time, oldest first, then by name. */
export function byCreation(a: Entry, b: Entry): number {
  return a.created - b.created || byName(a, b);
}
