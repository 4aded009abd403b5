import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Cluster } from '../cluster.ts';
import { templateHash } from './template-hash.ts';

/** Label of pods and ControllerRevisions that names the revision of their template. */
export const REVISION_HASH = 'controller-revision-hash';

/** Returns the template that a ControllerRevision keeps. */
export function templateOf(revision: KubeObject): PersistedObject {
  const { $patch: _, ...template } = revision.data.spec.template;
  return template;
}

/**
 * Returns the ControllerRevision of the current template of a StatefulSet or DaemonSet: created
 * when there is none, and made the newest when there is one, as after `kubectl rollout undo`.
 * `label` is the one that holds its hash. Revisions without pods beyond the history limit are
 * deleted.
 */
export async function currentRevision(
  cluster: Cluster,
  owner: KubeObject,
  label: string,
  used: ReadonlySet<string>,
): Promise<PersistedObject> {
  const template = { ...owner.spec.template, $patch: 'replace' };
  const known = cluster.revisions
    .by('controller', owner.metadata.uid ?? '')
    .sort((a, b) => a.revision - b.revision);
  const newest: number = known.at(-1)?.revision ?? 0;
  const found = known.find(({ data }) => equalJson(data.spec.template, template));
  if (!found) {
    const hash = templateHash(template);
    const { annotations } = owner.metadata;

    return cluster.revisions.create({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${owner.metadata.name}-${hash}`,
        namespace: owner.metadata.namespace ?? '',
        labels: { ...owner.spec.template.metadata?.labels, [label]: hash },
        ...(annotations && { annotations }),
        ownerReferences: [controllerReference(owner)],
      },
      data: { spec: { template } },
      revision: newest + 1,
    });
  }

  const limit: number = owner.spec.revisionHistoryLimit ?? 10;

  const unused = known.filter(
    (revision) =>
      revision !== found &&
      !used.has(revision.metadata.name) &&
      !used.has(revision.metadata.labels?.[label] ?? ''),
  );

  for (const old of unused.slice(0, Math.max(0, unused.length - limit))) {
    await cluster.revisions.delete(old);
  }

  return found.revision === newest
    ? found
    : cluster.revisions.update({ ...found, revision: newest + 1 });
}
