import { notFound, type StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { completeObject, schemaOf, setDefaults, validateKind } from '../../resources/kind-rules.ts';
import type { ResourceType } from '../../resources/resource-type.ts';
import { storedMetadata } from '../../resources/stored-metadata.ts';
import {
  STATUS_METADATA,
  type Strategy,
  type WriteContext,
  type WriteOptions,
} from '../../resources/strategy.ts';
import { yieldBetweenLargeSteps } from '../large-work.ts';
import { trackFields } from '../managed-fields.ts';
import {
  checkAbsent,
  checkCurrent,
  dedupOwners,
  invalidObject,
  keepMetadata,
  matchUrl,
  newFinalizers,
  subjectOf,
} from '../metadata.ts';
import { CreateDraft } from './create.ts';
import { changedUid, desiredStateChanged, isUnchanged, throughSubresource } from './states.ts';
import type { Draft, Outcome, Step } from './write.ts';

/** How an update makes the wanted object. */
interface Changes<T> {
  /** Changes a copy of the current object; throws a StatusError. */
  change: (old: KubeObject) => T;
  /** The object to create where there is none; without it that is a 404. */
  create?: (() => T) | undefined;
}

/** One update of an object or of a subresource that has the object's form. */
export interface UpdateRequest extends Changes<KubeObject> {
  /** '' for the object itself. */
  subresource: string;
  /** The same changes for large objects, which let other requests run between their steps. */
  inTurns?: Changes<Promise<KubeObject>>;
  /**
   * True for a patch, which has no preconditions: another uid in it is a change that is not
   * allowed.
   */
  patch?: boolean;
  /** True where the change itself keeps managedFields up to date (server-side apply). */
  tracksFields?: boolean;
  options: WriteOptions;
}

/** Subresources whose writes do not count as another desired state. */
const UNCOUNTED = new Set(['status', 'binding']);

/** The current object, changed as a request wants it. */
export class UpdateDraft implements Draft {
  readonly operation = 'UPDATE';
  readonly context: WriteContext;
  readonly old: KubeObject;
  object: KubeObject;
  readonly #type: ResourceType;
  readonly #strategy: Strategy;
  readonly #request: UpdateRequest;
  readonly #name: string;
  readonly #causes: StatusCause[] = [];

  readonly prepare: readonly Step[];

  readonly validate: readonly Step[] = [
    () => this.#applyStrategy(),
    () => this.#validateByKind(),
    () => this.#validateByStrategy(),
  ];

  /** `wanted` is the changed copy of `old`; the draft owns it. */
  constructor(
    old: KubeObject,
    wanted: KubeObject,
    name: string,
    request: UpdateRequest,
    strategy: Strategy,
    context: WriteContext,
  ) {
    this.old = old;
    this.object = wanted;
    this.context = context;
    this.#type = context.type;
    this.#strategy = strategy;
    this.#request = request;
    this.#name = name;
    this.prepare = [
      () => this.#mergeWithOld(),
      () => this.#setDefaults(),
      ...(request.tracksFields ? [] : [() => this.#trackFields()]),
    ];
  }

  /** Checks the preconditions and takes from the wanted object only what the request may change. */
  #mergeWithOld(): void {
    const { context, object: wanted, old } = this;
    const { patch, subresource } = this.#request;
    const type = this.#type;
    const strategy = this.#strategy;

    matchUrl(type, wanted, old.metadata.namespace ?? '', this.#name);
    dedupOwners(wanted, context.warnings, patch ? ' after mutating admission happens' : '');

    const uidCauses = patch ? changedUid(wanted, old) : [];
    if (uidCauses.length > 0) {
      wanted.metadata.uid = storedMetadata(old).uid;
      this.#causes.push(...uidCauses);
    }

    checkCurrent(type, wanted, old, strategy);

    const kept = strategy.statusKeeps ?? (type.custom ? STATUS_METADATA : []);
    this.object = throughSubresource(type, subresource, wanted, old, kept);
    keepMetadata(this.object, old);
  }

  #setDefaults(): void {
    setDefaults(this.#type, this.object);
    this.#strategy.decode?.(this.object, this.old, this.context);
  }

  #trackFields(): void {
    const { untracked } = this.#strategy;
    trackFields(schemaOf(this.#type), this.old, this.object, this.context, untracked);
  }

  #applyStrategy(): void {
    const { context, object, old } = this;
    const strategy = this.#strategy;

    strategy.prepareForUpdate?.(object, old, context);

    if (
      strategy.generation &&
      !UNCOUNTED.has(this.#request.subresource) &&
      desiredStateChanged(this.#type, object, old)
    ) {
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
  }

  #validateByKind(): void {
    const { context, object, old } = this;

    this.#causes.push(
      // Kubernetes validates finalizers once for all kinds and once for the kind, and names both
      // causes.
      ...newFinalizers(object, old),
      ...newFinalizers(object, old),
      ...validateKind(this.#type, object, old, this.#request.subresource, context.warnings),
    );
  }

  #validateByStrategy(): void {
    const { context, object, old } = this;
    const strategy = this.#strategy;

    this.#causes.push(...(strategy.validate?.(object, old, context) ?? []));

    const error = invalidObject(this.#type, this.#name, this.#causes);
    if (error) {
      throw error;
    }

    context.warnings.push(...(strategy.warnings?.(object, old, context) ?? []));
    completeObject(this.#type, object);
  }

  outcome(): Outcome {
    const { object, old } = this;

    if (isReleased(this.#type, object)) {
      return { action: 'delete', last: object };
    }

    return isUnchanged(object, old) ? { action: 'keep' } : { action: 'put', object };
  }
}

/** Whether an object that is being deleted is held by nothing any more. */
function isReleased(type: ResourceType, { metadata, spec }: KubeObject): boolean {
  if (
    !metadata.deletionTimestamp ||
    metadata.finalizers?.length ||
    metadata.deletionGracePeriodSeconds
  ) {
    return false;
  }

  return type.resource !== 'namespaces' || !spec?.finalizers?.length;
}

/** Drafts the object that an update creates. */
function draftCreation(
  wanted: KubeObject,
  request: UpdateRequest,
  strategy: Strategy,
  context: WriteContext,
): Draft {
  checkAbsent(context.type, wanted);

  const object = context.mayRepeat ? structuredClone(wanted) : wanted;
  const { tracksFields = false } = request;

  return new CreateDraft(object, strategy, context, { tracksFields });
}

function draftChange(
  old: KubeObject,
  changed: KubeObject,
  name: string,
  request: UpdateRequest,
  strategy: Strategy,
  context: WriteContext,
): Draft {
  // The result of a patch belongs to this draft; the object of a PUT is needed again when the write
  // is repeated.
  const isOwn = !context.mayRepeat || (request.patch && !request.tracksFields);
  const wanted = isOwn ? changed : structuredClone(changed);
  return new UpdateDraft(old, wanted, name, request, strategy, context);
}

/** Makes the object that an update wants from the current one; throws a StatusError. */
export function draftUpdate(
  old: KubeObject | undefined,
  name: string,
  request: UpdateRequest,
  strategy: Strategy,
  context: WriteContext,
): Draft {
  if (old) {
    const changed = request.change(structuredClone(old));
    return draftChange(old, changed, name, request, strategy, context);
  }

  if (!request.create) {
    throw notFound(subjectOf(context.type, name));
  }

  return draftCreation(request.create(), request, strategy, context);
}

/** The same for large objects, letting other requests run between the steps. */
export async function draftUpdateInTurns(
  old: KubeObject | undefined,
  name: string,
  request: UpdateRequest,
  strategy: Strategy,
  context: WriteContext,
): Promise<Draft> {
  const { change, create } = request.inTurns ?? request;

  if (old) {
    const copy = structuredClone(old);

    await yieldBetweenLargeSteps();

    const changed = await change(copy);

    await yieldBetweenLargeSteps();

    return draftChange(old, changed, name, request, strategy, context);
  }

  if (!create) {
    throw notFound(subjectOf(context.type, name));
  }

  return draftCreation(await create(), request, strategy, context);
}
