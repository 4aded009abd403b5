import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { hasEnded } from '@ks-apiserver/apimachinery/quota/usage';

interface Container {
  resources?: unknown;
  restartPolicy?: unknown;
}

/** Returns a text of all that decides how much a pod requests: equal texts mean equal requests. */
export function demandOf(pod: KubeObject): string {
  if (hasEnded(pod)) {
    return '';
  }

  const { containers, initContainers, overhead } = pod.spec ?? {};

  const of = (list: unknown) =>
    Array.isArray(list)
      ? list.map((one: Container | null) => [one?.resources, one?.restartPolicy])
      : [];

  return JSON.stringify([of(containers), of(initContainers), overhead]);
}
