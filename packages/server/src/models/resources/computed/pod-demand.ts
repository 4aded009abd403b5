import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { hasEnded } from '@ks-apiserver/apimachinery/quota/usage';

interface Container {
  resources?: unknown;
  restartPolicy?: unknown;
}

/** All that decides how much a pod asks for, as a text: pods with the same one ask for the same. */
export function demandOf(pod: KubeObject): string {
  if (hasEnded(pod)) {
    return '';
  }

  const { containers, initContainers, overhead } = (pod.spec ?? {}) as Record<string, unknown>;

  const of = (list: unknown) =>
    Array.isArray(list)
      ? list.map((one: Container | null) => [one?.resources, one?.restartPolicy])
      : [];

  return JSON.stringify([of(containers), of(initContainers), overhead]);
}
