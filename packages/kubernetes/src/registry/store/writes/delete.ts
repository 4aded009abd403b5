import { conflict } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';
import { subjectOf } from '../../resources/metadata.ts';
import type { ResourceType } from '../../resources/resource-type.ts';
import type { Strategy, WriteContext, WriteOptions } from '../../resources/strategy.ts';
import type { Draft, Outcome, Step } from './write.ts';

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
  const subject = { ...subjectOf(type, metadata.name), resource: type.kind };

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

/** An object that is to be deleted (Kubernetes "Finalizers", "Garbage Collection", "Pod Lifecycle"). */
export class DeleteDraft implements Draft {
  readonly operation = 'DELETE';
  readonly context: WriteContext;
  readonly old: KubeObject;
  readonly object = undefined;
  readonly #options: DeleteOptions;
  readonly #strategy: Strategy;

  readonly prepare: readonly Step[] = [
    () => {
      checkPreconditions(this.context.type, this.old, this.#options);
      this.#strategy.beforeDelete?.(this.old, this.context);
    },
  ];

  readonly validate: readonly Step[] = [];

  /** The draft owns `old`. */
  constructor(
    old: KubeObject,
    options: WriteOptions & DeleteOptions,
    strategy: Strategy,
    context: WriteContext,
  ) {
    this.old = old;
    this.#options = options;
    this.#strategy = strategy;
    this.context = context;
  }

  outcome(): Outcome {
    const { type } = this.context;
    const object = this.old;
    const { metadata } = object;
    const options = this.#options;
    const strategy = this.#strategy;

    const grace = strategy.gracePeriod?.(object, options.gracePeriodSeconds) ?? 0;
    const before = metadata.finalizers ?? [];
    const policy = options.propagationPolicy ?? strategy.propagationPolicy;
    const finalizers = finalizersFor(policy, before);
    const isHeld =
      finalizers.length > 0 ||
      (type.resource === 'namespaces' && object.spec?.finalizers?.length > 0);

    // An object with a grace period, even of no length, is marked first: watchers see both events.
    const mustBeMarked =
      strategy.gracePeriod &&
      !(metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds === 0);

    if (!isHeld && grace === 0 && !mustBeMarked) {
      return { action: 'delete' };
    }

    const hasSameFinalizers = JSON.stringify(before) === JSON.stringify(finalizers);
    const isShorter =
      options.gracePeriodSeconds !== undefined &&
      grace < (metadata.deletionGracePeriodSeconds ?? 0);
    if (metadata.deletionTimestamp && hasSameFinalizers && !isShorter) {
      return { action: 'keep' };
    }

    if (!metadata.deletionTimestamp) {
      this.#mark(metadata, grace);
    } else if (isShorter) {
      shorten(metadata, metadata.deletionTimestamp, grace);
    }

    if (finalizers.length > 0) {
      metadata.finalizers = finalizers;
    } else {
      delete metadata.finalizers;
    }

    if (type.resource === 'namespaces') {
      object.status = { ...object.status, phase: 'Terminating' };
    }

    return { action: 'put', object };
  }

  /** Marks the object as being deleted, with `grace` seconds left. */
  #mark(metadata: ObjectMeta, grace: number): void {
    metadata.deletionTimestamp = timestamp(new Date(this.context.now.getTime() + grace * 1000));

    if (this.#strategy.marksPlainly) {
      return;
    }

    metadata.deletionGracePeriodSeconds = grace;

    if (metadata.generation !== undefined) {
      metadata.generation++;
    }
  }
}

/** Lets an object that ends at a time end earlier: `grace` seconds after its deletion began. */
function shorten(metadata: ObjectMeta, endsAt: string, grace: number): void {
  const current = metadata.deletionGracePeriodSeconds ?? 0;
  const end = Date.parse(endsAt) + (grace - current) * 1000;
  metadata.deletionTimestamp = timestamp(new Date(end));
  metadata.deletionGracePeriodSeconds = grace;
}

/**
 * Whether an object was marked for deletion, and neither finalizers nor a grace period hold it.
 */
export function hasEnded({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = metadata;
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !finalizers?.length;
}
