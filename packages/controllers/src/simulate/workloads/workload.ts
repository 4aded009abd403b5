import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler, Source } from '../../runtime/controller.ts';
import { keyOf, type Objects } from '../objects.ts';

/**
 * Returns a reconciler for objects that exist and are not being deleted; deleted ones are left to
 * the garbage collector.
 */
export function workloadReconciler(
  name: string,
  objects: Objects,
  sources: readonly Source[],
  step: (object: PersistedObject) => Promise<number | undefined>,
): Reconciler {
  return {
    name: `simulated-${name}`,
    sources: [
      { informer: objects.informer, keys: ({ entry }) => [keyOf(objectOf(entry))] },
      ...sources,
    ],
    about: (key) => objects.get(key),
    async reconcile(key) {
      const object = objects.get(key);
      return !object || object.metadata.deletionTimestamp ? undefined : step(object);
    },
  };
}
