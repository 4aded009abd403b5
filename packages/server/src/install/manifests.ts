import { readFileSync } from 'node:fs';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** The objects of a new KubeSphere, compiled from `manifests/` by scripts/manifests.mjs. */
export interface Manifests {
  /** Changes with every change of the files. */
  hash: string;
  crds: readonly KubeObject[];
  objects: readonly KubeObject[];
  /**
   * Objects that only the embedded Kubernetes API gets: on a cluster the Helm chart creates them.
   */
  embedded: readonly KubeObject[];
  /** Admission policies that only clusters get: the embedded API reviews calls itself. */
  policies: readonly KubeObject[];
}

let cached: Manifests | undefined;

/**
 * Returns the built-in manifests, read on the first call; throws when the build step did not run.
 */
export function builtinManifests(): Manifests {
  cached ??= JSON.parse(
    readFileSync(new URL('../manifests.json', import.meta.url), 'utf8'),
  ) as Manifests;
  return cached;
}
