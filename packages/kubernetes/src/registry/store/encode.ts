import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { EncodedObject, ObjectIndex } from '../../storage/stored-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';

/**
 * The order of metadata in stored bytes. resourceVersion comes before every field whose keys a user
 * chooses, so that its first occurrence in the bytes is the real one.
 */
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

function orderMetadata(metadata: ObjectMeta): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};

  for (const field of METADATA_ORDER) {
    const value = metadata[field];
    if (value !== undefined && !(typeof value === 'string' && value === '')) {
      ordered[field] = value;
    }
  }

  return ordered;
}

/** JSON of an object as a kind and version, its type first. */
export function objectJson(
  type: { group: string; version: string; kind: string },
  object: KubeObject,
): string {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  const fields = JSON.stringify(rest);
  const tail = fields === '{}' ? '}' : `,${fields.slice(1)}`;
  return `${typePrefix(type)}"metadata":${JSON.stringify(orderMetadata(metadata))}${tail}`;
}

/** The largest object that is kept, in bytes: etcd's limit of a request (`--max-request-bytes`). */
export const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;

/**
 * The length of a JSON text in bytes without its escapes: etcd's limit counts protobuf, which has
 * none.
 */
function unescapedLength(json: string): number {
  const length = Buffer.byteLength(json);
  if (length <= MAX_OBJECT_BYTES) {
    return length;
  }

  let added = 0;

  for (let at = json.indexOf('\\'); at >= 0; at = json.indexOf('\\', at + 2)) {
    added += json[at + 1] === 'u' ? 5 : 1;
  }

  return length - added;
}

/** Makes the bytes of an object at a revision; without a revision they have no resourceVersion. */
export type Encoding = (revision: number | undefined) => EncodedObject;

const NO_REVISION = '"resourceVersion":"0",';

/**
 * Encodes an object. Throws a StatusError 413 for an object that is larger than MAX_OBJECT_BYTES
 * and than the stored one with `before` bytes: an object that is too large already may become
 * smaller.
 */
export function encodeObject(
  type: ResourceType,
  object: KubeObject,
  fields: Record<string, string> | undefined,
  before = 0,
): Encoding {
  const { labels, ownerReferences } = object.metadata;
  const index: ObjectIndex = {};

  if (labels && Object.keys(labels).length > 0) {
    index.labels = labels;
  }
  if (fields) {
    index.fields = fields;
  }
  if (ownerReferences && ownerReferences.length > 0) {
    index.owners = ownerReferences.map((owner) => owner.uid);
  }
  if (type.custom) {
    index.schema = type.custom.generation;
  }

  const storage = { group: type.group, version: type.storage.version, kind: type.kind };
  if (type.storage.group !== type.group) {
    storage.group = type.storage.group;
  }

  const json = objectJson(storage, {
    ...object,
    metadata: { ...object.metadata, resourceVersion: '0' },
  });

  const size = unescapedLength(json);
  if (size > MAX_OBJECT_BYTES && size > before) {
    const message = `Request entity too large: the object has ${size} bytes, limit is ${MAX_OBJECT_BYTES}`;
    throw new StatusError(413, 'RequestEntityTooLarge', message);
  }

  const at = json.indexOf(NO_REVISION);
  const [head, tail] = [json.slice(0, at), json.slice(at + NO_REVISION.length)];

  return (revision) => {
    const known = revision === undefined ? '' : `"resourceVersion":"${revision}",`;
    return { bytes: Buffer.from(head + known + tail), index };
  };
}

/** Replaces the resourceVersion `from` in an object's bytes. */
export function withResourceVersion(bytes: Buffer, from: number, to: number): Buffer {
  const marker = `"resourceVersion":"${from}"`;
  const at = bytes.indexOf(marker);
  if (at < 0) {
    return bytes;
  }

  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(`"resourceVersion":"${to}"`),
    bytes.subarray(at + marker.length),
  ]);
}
