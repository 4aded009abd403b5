import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';

/** An event as it is stored, and its resource version. */
export interface StoredEvent {
  readonly document: AppendedDocument;
  readonly version: string;
}

/**
 * Returns an event as it is stored: each version of it once, without what tells who manages its
 * fields, and always with a time, by which it is searched and shown.
 */
export function storedEvent(bytes: Buffer): StoredEvent {
  const event: KubeObject = JSON.parse(bytes.toString());
  const { managedFields: _, ...metadata } = event.metadata ?? {};
  const { resourceVersion: version = '', uid, creationTimestamp = null } = metadata;

  const lastTimestamp =
    event.lastTimestamp ?? event.series?.lastObservedTime ?? event.eventTime ?? creationTimestamp;
  const json = JSON.stringify({ ...event, metadata, lastTimestamp });

  return { document: { id: `${uid} ${version}`, json }, version };
}
