import { createHash } from 'node:crypto';
import type { FederatedTemplate } from '@ks-apiserver/api/federation/federated-object';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** What was last propagated of a federated object. */
export interface PropagatedVersions {
  /** Hashes of template and overrides. */
  source: string;
  /** Versions of the copies by cluster, as `versionOf` returns them. */
  clusters: Map<string, string>;
}

/** Returns what changes with everything that is propagated of a federated object. */
export function sourceVersion({ spec }: FederatedTemplate): string {
  const { template, overrides, retainReplicas } = spec ?? {};
  const text = JSON.stringify([template ?? null, overrides ?? null, retainReplicas === true]);

  return createHash('sha256').update(text).digest('base64');
}

/**
 * Returns the version of an object in a member: its generation, where it has one, since status does
 * not change that; else its resourceVersion.
 */
export function versionOf({ metadata }: KubeObject): string {
  const { generation, resourceVersion = '' } = metadata;
  return generation ? `gen:${generation}` : `rv:${resourceVersion}`;
}

/**
 * Whether an object in a member must be written: it is of another version than the one that was
 * written last, or its metadata, which its generation does not cover, differs.
 */
export function needsUpdate(
  desired: KubeObject,
  current: KubeObject,
  propagated: string | undefined,
): boolean {
  const version = versionOf(current);
  if (version !== propagated) {
    return true;
  }

  const of = ({ metadata: { labels = {}, annotations = {} } }: KubeObject) => [labels, annotations];

  return version.startsWith('gen:') && !equalJson(of(desired), of(current));
}
