import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { CacheBudget } from './informer-store.ts';

/** Kubernetes sends a bookmark about once a minute when nothing else happens. */
export const SILENCE_MS = 75_000;

/** Longest time that the opening of a watch may take, in milliseconds. */
export const OPEN_MS = 15_000;

/**
 * A watch that ends sooner than this, without an event, counts as a failure: it would otherwise be
 * opened again and again without a pause.
 */
export const SHORT_WATCH_MS = 1000;

/** What an informer caches and what it keeps of each object. */
export interface InformerOptions {
  resource: GroupVersionResource;
  kind: string;
  /** Follows only the objects of this namespace. */
  namespace?: string;
  /** Follows only the objects that this label selector matches. */
  labelSelector?: string;
  /** Returns the values that the resource's filters and sort keys need. */
  fields?: (object: KubeObject) => Record<string, unknown>;
  /**
   * Names of members anywhere in an object whose lists `fields` does not read: they are not parsed
   * when objects are listed. `managedFields` is always among them.
   */
  unread?: readonly string[];
  /** Removes what must never leave the server, and returns the object to keep. */
  redact?: (object: KubeObject) => KubeObject;
  /** Keeps the parsed object too: for small resources that authorization reads on every request. */
  keepObjects?: boolean;
  /** How much may be kept, together with other informers; without it everything is. */
  budget?: CacheBudget;
  /** A watch that sends nothing for this many milliseconds is taken for dead and opened again. */
  silenceMs?: number;
  /**
   * Called, at most once a minute, with an object of the API that could not be read and is left
   * out.
   */
  report?: (problem: string) => void;
}
