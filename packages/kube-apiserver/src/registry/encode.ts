import type { KubeObject, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { EncodedObject, ObjectIndex } from '../storage/stored-object.ts';
import type { ResourceType } from './resource-type.ts';

/** resourceVersion stands before anything that a user names, so that its first occurrence in the bytes is the real one. */
const METADATA_ORDER = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const;

/** The text with which the bytes of all objects of a kind begin. */
export function typePrefix(type: { group: string; version: string; kind: string }): string {
  return `{"kind":${JSON.stringify(type.kind)},"apiVersion":${JSON.stringify(apiVersionOf(type))},`;
}

function orderedMetadata(metadata: ObjectMeta): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const field of METADATA_ORDER) {
    const value = metadata[field];
    if (value !== undefined && !(typeof value === 'string' && value === '')) ordered[field] = value;
  }
  return ordered;
}

/** JSON of an object as a kind and version, its type first. */
export function objectJson(type: { group: string; version: string; kind: string }, object: KubeObject): string {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  const fields = JSON.stringify(rest);
  const tail = fields === '{}' ? '}' : `,${fields.slice(1)}`;
  return `${typePrefix(type)}"metadata":${JSON.stringify(orderedMetadata(metadata))}${tail}`;
}

/** What a backend keeps of an object at a revision; without a revision it stays without resourceVersion (dry run). */
export function encodeObject(
  type: ResourceType,
  object: KubeObject,
  revision: number | undefined,
  fields: Record<string, string> | undefined,
): EncodedObject {
  const { resourceVersion: _old, ...metadata } = object.metadata;
  const stored = {
    ...object,
    metadata: { ...metadata, ...(revision !== undefined && { resourceVersion: String(revision) }) },
  };
  const index: ObjectIndex = {};
  const { labels, ownerReferences } = metadata;
  if (labels && Object.keys(labels).length > 0) index.labels = labels;
  if (fields) index.fields = fields;
  if (ownerReferences && ownerReferences.length > 0) index.owners = ownerReferences.map((owner) => owner.uid);
  if (type.custom) index.schema = type.custom.generation;
  const storage = { group: type.group, version: type.storage.version, kind: type.kind };
  if (type.storage.group !== type.group) storage.group = type.storage.group;
  return { bytes: Buffer.from(objectJson(storage, stored)), index };
}

/** The bytes of an object with another resourceVersion; `from` is the one they hold. */
export function withResourceVersion(bytes: Buffer, from: number, to: number): Buffer {
  const marker = `"resourceVersion":"${from}"`;
  const at = bytes.indexOf(marker);
  if (at < 0) return bytes;
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(`"resourceVersion":"${to}"`),
    bytes.subarray(at + marker.length),
  ]);
}
