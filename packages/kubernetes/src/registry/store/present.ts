import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { CustomVersion } from '../extensions/crd/custom-version.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { convert } from './conversion.ts';
import { objectJson, typePrefix } from './encode.ts';

/** Whether the stored bytes can be served unchanged as a version of the resource. */
function isVerbatim(type: ResourceType, stored: StoredObject): boolean {
  if (type.storage.version !== type.version || type.storage.group !== type.group) {
    return false;
  }
  return type.custom === undefined || stored.index.schema === type.custom.generation;
}

/** Results of conversion webhooks by stored object and version. */
const converted = new WeakMap<StoredObject, Map<string, KubeObject>>();

/**
 * Decodes a stored custom resource by the schema of its storage version; the caller owns the
 * result.
 */
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

/** Whether objects of a resource may need a conversion webhook before they can be served. */
export function isConverted(type: ResourceType): boolean {
  return type.custom?.converter !== undefined;
}

/**
 * Converts stored objects by the webhook of their resource, so that they can be served; throws a
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

  // Results are not reused: the webhook may answer differently the next time.
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

/** Decodes a stored object in one version of its resource; the caller owns the result. */
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
 * The JSON of a stored object in one version of its resource; the stored bytes themselves where
 * they fit.
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
 * The JSON of a stored object as an item of a list, in one or two pieces: items of built-in kinds
 * have no kind and apiVersion.
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
