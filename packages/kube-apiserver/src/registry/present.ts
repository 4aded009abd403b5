import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { StoredObject } from '../storage/stored-object.ts';
import { convert } from './conversion.ts';
import { objectJson, typePrefix } from './encode.ts';
import type { ResourceType } from './resource-type.ts';

/** Whether stored bytes are what a version of the resource answers with. */
function isVerbatim(type: ResourceType, stored: StoredObject): boolean {
  if (type.storage.version !== type.version || type.storage.group !== type.group) return false;
  return type.custom === undefined || stored.index.schema === type.custom.generation;
}

/** A stored object as one version of its resource shows it; the caller owns it. */
export function presentObject(type: ResourceType, stored: StoredObject): KubeObject {
  const object = convert(stored.parse<KubeObject>(), type);
  if (type.custom && !isVerbatim(type, stored)) {
    object.kind = type.kind;
    pruneUnknown(object, type.custom.schema);
    applyDefaults(object, type.custom.schema);
  }
  return object;
}

/** The JSON of a stored object in one version of its resource; not parsed where it was written alike. */
export function presentBytes(type: ResourceType, stored: StoredObject): Buffer {
  if (isVerbatim(type, stored)) return stored.bytes;
  return Buffer.from(objectJson(type, presentObject(type, stored)));
}

const OPEN = Buffer.from('{');
const prefixLengths = new WeakMap<ResourceType, number>();

/** The JSON of a stored object as an item of a list, in one or two pieces: built-in kinds omit their type there. */
export function presentItem(type: ResourceType, stored: StoredObject): [Buffer] | [Buffer, Buffer] {
  const bytes = presentBytes(type, stored);
  if (type.custom) return [bytes];
  let length = prefixLengths.get(type);
  if (length === undefined) {
    length = Buffer.byteLength(typePrefix(type));
    prefixLengths.set(type, length);
  }
  return [OPEN, bytes.subarray(length)];
}
