import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { CustomVersion } from '../extensions/crd/custom-version.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { convert } from './conversion.ts';
import { objectJson, typePrefix } from './encode.ts';

/** Whether stored bytes are what a version of the resource answers with. */
function isVerbatim(type: ResourceType, stored: StoredObject): boolean {
  if (type.storage.version !== type.version || type.storage.group !== type.group) {
    return false;
  }
  return type.custom === undefined || stored.index.schema === type.custom.generation;
}

/** Objects that a webhook converted, by version. */
const converted = new WeakMap<StoredObject, Map<string, KubeObject>>();

/** A stored custom resource as its storage version's schema has it; the caller owns it. */
function decodeStored(
  { generation, storedSchema }: CustomVersion,
  stored: StoredObject,
): KubeObject {
  const object = stored.parse<KubeObject>();

  if (stored.index.schema !== generation) {
    pruneUnknown(object, storedSchema);
    applyDefaults(object, storedSchema);
  }

  return object;
}

/**
 * True where objects of a resource may have to be converted by a webhook before they can be shown.
 */
export function isConverted(type: ResourceType): boolean {
  return type.custom?.converter !== undefined;
}

/**
 * Lets the webhook of a resource convert stored objects, so that they can be shown; throws a
 * StatusError 500.
 */
export async function prepareObjects(
  type: ResourceType,
  stored: readonly StoredObject[],
): Promise<void> {
  const { custom } = type;
  if (!custom?.converter) {
    return;
  }

  // Each time anew: what the webhook answers may have changed.
  const missing = stored.filter((object) => !isVerbatim(type, object));
  if (missing.length === 0) {
    return;
  }

  const objects = await custom.converter.convert(
    missing.map((object) => decodeStored(custom, object)),
    apiVersionOf(type),
  );

  for (const [index, object] of objects.entries()) {
    const of = missing[index];
    if (of) {
      const versions = converted.get(of) ?? new Map<string, KubeObject>();
      versions.set(type.version, object);
      converted.set(of, versions);
    }
  }
}

/** A stored object as one version of its resource shows it; the caller owns it. */
export function presentObject(type: ResourceType, stored: StoredObject): KubeObject {
  if (!type.custom) {
    return convert(stored.parse<KubeObject>(), type);
  }
  if (isVerbatim(type, stored)) {
    return stored.parse<KubeObject>();
  }

  const object = type.custom.converter
    ? structuredClone(converted.get(stored)?.get(type.version))
    : { ...convert(decodeStored(type.custom, stored), type), kind: type.kind };

  if (!object) {
    throw internalError(`${stored.key} is shown before it is converted to ${type.version}`);
  }
  if (type.version !== type.storage.version) {
    pruneUnknown(object, type.custom.schema);
  }

  return object;
}

/**
 * The JSON of a stored object in one version of its resource; not parsed where it was written
 * alike.
 */
export function presentBytes(type: ResourceType, stored: StoredObject): Buffer {
  if (isVerbatim(type, stored)) {
    return stored.bytes;
  }
  return Buffer.from(objectJson(type, presentObject(type, stored)));
}

const OPEN = Buffer.from('{');
const prefixLengths = new WeakMap<ResourceType, number>();

/**
 * The JSON of a stored object as an item of a list, in one or two pieces: built-in kinds omit their
 * type there.
 */
export function presentItem(type: ResourceType, stored: StoredObject): [Buffer] | [Buffer, Buffer] {
  const bytes = presentBytes(type, stored);

  if (type.custom) {
    return [bytes];
  }

  let length = prefixLengths.get(type);
  if (length === undefined) {
    length = Buffer.byteLength(typePrefix(type));
    prefixLengths.set(type, length);
  }

  return [OPEN, bytes.subarray(length)];
}
