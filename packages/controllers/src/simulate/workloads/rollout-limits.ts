import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** Returns a number of pods that is given as a number or as a percentage, which may be broken. */
export function podNumber(value: number | string | undefined, all: number): number {
  return typeof value === 'string' ? (Number.parseInt(value, 10) * all) / 100 : (value ?? 0);
}

/**
 * Returns how many pods more, and how many fewer, there may be during a rollout; at least one of
 * both.
 */
export function limits({ spec }: KubeObject): { surge: number; unavailable: number } {
  if (spec.strategy?.type === 'Recreate') {
    return { surge: 0, unavailable: 0 };
  }

  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = Math.ceil(podNumber(maxSurge, spec.replicas));
  const unavailable = Math.floor(podNumber(maxUnavailable, spec.replicas));

  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}
