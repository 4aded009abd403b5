import { readFileSync } from 'node:fs';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** What a fresh KubeSphere holds, compiled from `manifests/` by scripts/manifests.mjs. */
export interface Manifests {
  /** Changes with every change of the files. */
  hash: string;
  crds: readonly KubeObject[];
  objects: readonly KubeObject[];
  /** Objects that only the embedded Kubernetes API gets: elsewhere the Helm chart makes them. */
  embedded: readonly KubeObject[];
  /** Admission policies that only clusters get: the embedded API reviews calls itself. */
  policies: readonly KubeObject[];
}

let cached: Manifests | undefined;

/** The built-in manifests, read on the first call; throws where the build step did not run. */
export function builtinManifests(): Manifests {
  cached ??= JSON.parse(
    readFileSync(new URL('../manifests.json', import.meta.url), 'utf8'),
  ) as Manifests;
  return cached;
}
