import type { KubeObject, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';

/** Metadata of a stored object: the store gives every object these fields. */
export interface StoredMetadata extends ObjectMeta {
  name: string;
  uid: string;
  creationTimestamp: string;
  resourceVersion: string;
}

/** The metadata of an object that came from the storage. */
export function storedMetadata({ metadata }: Pick<KubeObject, 'metadata'>): StoredMetadata {
  return metadata as StoredMetadata;
}
