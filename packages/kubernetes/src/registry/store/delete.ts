import { conflict } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from '../resources/resource-type.ts';
import type { WriteContext } from '../resources/strategy.ts';
import { subjectOf, timestamp } from './metadata.ts';
import type { Steps } from './steps.ts';
import type { Store, Verdict } from './store.ts';

/** Options of a deletion (Kubernetes meta/v1 DeleteOptions). */
export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** Finalizers by which the garbage collector holds an owner. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

function checkPreconditions(
  type: ResourceType,
  { metadata }: KubeObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};

  // Kubernetes names the kind here where it names the resource elsewhere.
  const subject = { ...subjectOf(type, metadata.name!), resource: type.kind };

  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      subject,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }

  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

function finalizersFor(
  policy: DeleteOptions['propagationPolicy'],
  finalizers: readonly string[],
): string[] {
  if (policy === undefined) {
    return [...finalizers];
  }

  const kept = finalizers.filter(
    (finalizer) => finalizer !== FOREGROUND_FINALIZER && finalizer !== ORPHAN_FINALIZER,
  );

  if (policy === 'Foreground') {
    kept.push(FOREGROUND_FINALIZER);
  }
  if (policy === 'Orphan') {
    kept.push(ORPHAN_FINALIZER);
  }

  return kept;
}

/**
 * Decides a deletion against the current object (Kubernetes "Finalizers", "Garbage Collection",
 * "Pod Lifecycle").
 */
export function* decideDelete(
  store: Store,
  type: ResourceType,
  object: KubeObject,
  options: DeleteOptions,
  context: WriteContext,
): Steps<Verdict> {
  const strategy = store.strategyOf(type);
  const { metadata } = object;

  checkPreconditions(type, object, options);
  strategy.beforeDelete?.(object, context);

  const attributes = store.attributesOf('DELETE', undefined, object, context);
  yield* store.admission.admit(attributes);
  yield* store.admission.validate(attributes);

  const grace = strategy.gracePeriod?.(object, options.gracePeriodSeconds) ?? 0;
  const before = metadata.finalizers ?? [];
  const finalizers = finalizersFor(options.propagationPolicy ?? strategy.propagationPolicy, before);
  const held =
    finalizers.length > 0 ||
    (type.resource === 'namespaces' && object.spec?.finalizers?.length > 0);

  // Who has a grace period is marked first, be it of no length: watchers see both.
  const ends =
    strategy.gracePeriod &&
    !(metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds === 0);

  if (!held && grace === 0 && !ends) {
    return { remove: true };
  }

  const sameFinalizers = JSON.stringify(before) === JSON.stringify(finalizers);
  const current = metadata.deletionGracePeriodSeconds ?? 0;
  const shorter = options.gracePeriodSeconds !== undefined && grace < current;
  if (metadata.deletionTimestamp && sameFinalizers && !shorter) {
    return { keep: true };
  }

  if (metadata.deletionTimestamp && shorter) {
    const end = Date.parse(metadata.deletionTimestamp) + (grace - current) * 1000;
    metadata.deletionTimestamp = timestamp(new Date(end));
    metadata.deletionGracePeriodSeconds = grace;
  } else if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = timestamp(new Date(context.now.getTime() + grace * 1000));

    if (!strategy.marksPlainly) {
      metadata.deletionGracePeriodSeconds = grace;
      if (metadata.generation !== undefined) {
        metadata.generation++;
      }
    }
  }

  if (finalizers.length > 0) {
    metadata.finalizers = finalizers;
  } else {
    delete metadata.finalizers;
  }

  if (type.resource === 'namespaces') {
    object.status = { ...object.status, phase: 'Terminating' };
  }

  return { put: object };
}
