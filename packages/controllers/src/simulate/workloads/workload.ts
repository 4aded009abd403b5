import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Reconciler, Source } from '../../runtime/controller.ts';
import { keyOf, type Objects } from '../objects.ts';

/**
 * A reconciler of objects that are there and stay: one that is deleted is left to the garbage
 * collector.
 */
export function workloadReconciler(
  name: string,
  objects: Objects,
  sources: readonly Source[],
  step: (object: KubeObject) => Promise<number | undefined>,
): Reconciler {
  return {
    name: `simulated-${name}`,
    sources: [
      { informer: objects.informer, keys: ({ entry }) => [keyOf(entry.object!)] },
      ...sources,
    ],
    about: (key) => objects.get(key),
    async reconcile(key) {
      const object = objects.get(key);
      return !object || object.metadata.deletionTimestamp ? undefined : step(object);
    },
  };
}
