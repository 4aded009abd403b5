import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import { encodeRecord, type StoredObject } from '../../storage/stored-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { convert } from './conversion.ts';
import { encodeObject } from './encode.ts';

/** An object that is to be stored, and the result of a conversion webhook, where there is one. */
interface Storable {
  object: KubeObject;
  stored?: KubeObject | undefined;
}

/** An object in the version in which its resource is stored. */
export function storedForm(type: ResourceType, { object, stored }: Storable): KubeObject {
  const { group, version } = type.storage;
  const form =
    stored ??
    convert(
      { ...object, apiVersion: object.apiVersion ?? '' },
      { group, version, kind: type.kind },
    );

  if (!type.custom || type.version === version) {
    return form;
  }

  const owned = structuredClone(form);
  pruneUnknown(owned, type.custom.storedSchema);
  applyDefaults(owned, type.custom.storedSchema);

  return owned;
}

/** The last state of an object that is deleted with a change, at the revision it was stored at. */
export function lastState(
  type: ResourceType,
  last: KubeObject,
  { key, revision }: StoredObject,
): StoredObject {
  const encode = encodeObject(type, storedForm(type, { object: last }), undefined, Infinity);
  return encodeRecord(key, revision, encode(revision));
}
