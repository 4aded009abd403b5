import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  type LabelSelectorObject,
  labelSelectorFrom,
} from '@ks-apiserver/apimachinery/selectors/labels';
import { controllerUid, labelKey } from '../keys.ts';
import { keyOf, type Objects } from '../objects.ts';

/** Returns the selector of a workload; that of a ReplicationController consists of labels only. */
function selectorOf({ kind, spec }: KubeObject): LabelSelectorObject {
  return kind === 'ReplicationController'
    ? { matchLabels: spec.selector ?? {} }
    : (spec.selector ?? {});
}

/**
 * Returns the key by which workloads are found from what they may select: the first label that they
 * ask for.
 */
export function selectorKey(owner: KubeObject): string[] {
  const [first] = Object.entries(selectorOf(owner).matchLabels ?? {});
  return first ? [labelKey(owner.metadata.namespace, ...first)] : [];
}

/** Returns the keys of the workloads that may adopt an object without a controller. */
export function claimantsOf(owners: Objects, object: PersistedObject): string[] {
  if (controllerUid(object).length > 0) {
    return [];
  }

  return Object.entries(object.metadata.labels ?? {}).flatMap((label) =>
    owners.by('selector', labelKey(object.metadata.namespace, ...label)).map(keyOf),
  );
}

/**
 * Adopts what a workload selects and nobody controls, such as what an earlier workload of its name
 * left behind, and releases what it controls and no longer selects, such as a pod that somebody
 * relabelled to examine it.
 */
export async function claim(owner: KubeObject, objects: Objects): Promise<void> {
  const selector = labelSelectorFrom(selectorOf(owner));
  const [key] = selectorKey(owner);
  const candidates = key === undefined ? [] : objects.by('label', key);
  for (const object of candidates) {
    const { metadata } = object;
    if (
      controllerUid(object).length > 0 ||
      metadata.deletionTimestamp ||
      !selector.matches(metadata.labels)
    ) {
      continue;
    }

    const ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(owner)];
    await objects.update({ ...object, metadata: { ...metadata, ownerReferences } });
  }

  for (const object of objects.by('controller', owner.metadata.uid ?? '')) {
    const { metadata } = object;
    if (metadata.deletionTimestamp || selector.matches(metadata.labels)) {
      continue;
    }

    const ownerReferences = (metadata.ownerReferences ?? []).filter(
      ({ uid }) => uid !== owner.metadata.uid,
    );
    const { ownerReferences: _, ...rest } = metadata;
    await objects.update({
      ...object,
      metadata: { ...rest, ...(ownerReferences.length > 0 && { ownerReferences }) },
    });
  }
}
