import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { notFound, type StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import { completeObject, schemaOf, setDefaults, validateKind } from '../resources/kind-rules.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { STATUS_METADATA, type WriteContext, type WriteOptions } from '../resources/strategy.ts';
import { trackFields } from './managed-fields.ts';
import {
  checkAbsent,
  checkCurrent,
  dedupOwners,
  invalidObject,
  keepMetadata,
  matchUrl,
  newFinalizers,
  subjectOf,
} from './metadata.ts';
import { pause, type Steps } from './steps.ts';
import type { Store, Verdict } from './store.ts';

/** One update of an object or of a subresource that has the object's form. */
export interface UpdateRequest {
  /** '' for the object itself. */
  subresource: string;
  /** The wished state, made from a copy of the current one, in steps or at once. */
  change: (old: KubeObject, context: WriteContext) => KubeObject | Steps<KubeObject>;
  /** The object to create when there is none; without it that is a 404. */
  create?: ((context: WriteContext) => KubeObject | Steps<KubeObject>) | undefined;
  /**
   * True for a patch, which has no preconditions: another uid in it is a change that is not
   * allowed.
   */
  patch?: boolean;
  /** True where the change says itself who manages which fields (server-side apply). */
  tracksFields?: boolean;
  options: WriteOptions;
}

function hasStatus(type: ResourceType): boolean {
  return type.subresources.some((subresource) => subresource.name === 'status');
}

/** Whether what the user wants changed, as metadata.generation counts it. */
export function desiredStateChanged(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
): boolean {
  const desired = ({ metadata: _m, status, kind: _k, apiVersion: _a, ...rest }: KubeObject) =>
    hasStatus(type) ? rest : { ...rest, ...(status !== undefined && { status }) };
  if (!equalJson(desired(object), desired(old))) {
    return true;
  }
  if (type.group !== 'apps' || type.resource !== 'deployments') {
    return false;
  }

  return !equalJson(object.metadata.annotations ?? {}, old.metadata.annotations ?? {});
}

/** The object with what a subresource may change taken from `wished`, the rest from `old`. */
function throughSubresource(
  type: ResourceType,
  subresource: string,
  wished: KubeObject,
  old: KubeObject,
  keeps: readonly string[],
): KubeObject {
  if (subresource === '') {
    if (!hasStatus(type)) {
      return wished;
    }

    const { status: _status, ...rest } = wished;

    return old.status === undefined
      ? (rest as KubeObject)
      : { ...rest, metadata: wished.metadata, status: old.status };
  }

  const { managedFields } = wished.metadata;
  const metadata = { ...old.metadata, ...(managedFields && { managedFields }) };

  for (const field of STATUS_METADATA) {
    if (subresource !== 'status' || keeps.includes(field)) {
      continue;
    }

    if (wished.metadata[field] === undefined) {
      delete metadata[field];
    } else {
      Object.assign(metadata, { [field]: wished.metadata[field] });
    }
  }

  if (subresource !== 'status' && subresource !== 'approval') {
    return { ...wished, metadata };
  }

  const { status: _status, ...rest } = old;

  return { ...rest, metadata, ...(wished.status !== undefined && { status: wished.status }) };
}

function changedUid(object: KubeObject, old: KubeObject): StatusCause[] {
  const { uid } = object.metadata;
  if (!uid || uid === old.metadata.uid) {
    return [];
  }

  const cause = invalidValue('metadata.uid', uid, 'field is immutable');

  // Kubernetes validates metadata once for all kinds and once for the kind, and names both causes.
  return [cause, cause];
}

/** Subresources whose writes do not count as another wish of the user. */
const UNCOUNTED = new Set(['status', 'binding']);

/** Equal but for the times in managedFields; what differs most often is compared first. */
function isUnchanged(object: KubeObject, old: KubeObject): boolean {
  const { managedFields, ...metadata } = object.metadata;
  const { managedFields: oldFields, ...oldMetadata } = old.metadata;
  if (!equalJson(metadata, oldMetadata)) {
    return false;
  }

  const fields = new Set([...Object.keys(object), ...Object.keys(old)]);
  fields.delete('metadata');

  for (const field of fields) {
    if (!equalJson(object[field], old[field])) {
      return false;
    }
  }

  const timeless = (entries: KubeObject['metadata']['managedFields']) =>
    entries?.map(({ time: _time, ...entry }) => entry) ?? [];

  return equalJson(timeless(managedFields), timeless(oldFields));
}

function isSteps(changed: KubeObject | Steps<KubeObject>): changed is Steps<KubeObject> {
  return typeof (changed as Steps<KubeObject>).next === 'function';
}

/** Decides an update against the current object. */
export function* decideUpdate(
  store: Store,
  type: ResourceType,
  old: KubeObject | undefined,
  name: string,
  request: UpdateRequest,
  context: WriteContext,
): Steps<Verdict> {
  const strategy = store.strategyOf(type);
  const own = (given: KubeObject) => (context.mayRepeat ? structuredClone(given) : given);

  if (!old) {
    if (!request.create) {
      throw notFound(subjectOf(type, name));
    }

    const begun = request.create(context);
    const created = isSteps(begun) ? yield* begun : begun;

    checkAbsent(type, created);

    return yield* store.prepareCreate(type, own(created), context, request.tracksFields);
  }

  const copy = structuredClone(old);

  yield* pause(context);

  const changed = request.change(copy, context);
  const made = isSteps(changed) ? yield* changed : changed;

  yield* pause(context);

  // What a patch made is nobody else's.
  const wished = request.patch && !request.tracksFields ? made : own(made);
  matchUrl(type, wished, old.metadata.namespace ?? '', name);
  dedupOwners(wished, context.warnings, request.patch ? ' after mutating admission happens' : '');

  const uidChange = request.patch ? changedUid(wished, old) : [];
  if (uidChange.length > 0) {
    wished.metadata.uid = old.metadata.uid!;
  }

  checkCurrent(type, wished, old, strategy.unconditionalUpdate !== false);

  const draft = throughSubresource(
    type,
    request.subresource,
    wished,
    old,
    strategy.statusKeeps ?? (type.custom ? STATUS_METADATA : []),
  );

  keepMetadata(draft, old);
  yield* pause(context);
  setDefaults(type, draft);
  strategy.decode?.(draft, old, context);
  yield* pause(context);

  if (!request.tracksFields) {
    trackFields(schemaOf(type), old, draft, context, strategy.untracked);
  }

  const attributes = store.attributesOf('UPDATE', draft, old, context);

  yield* pause(context);
  yield* store.admission.admit(attributes);

  const { shown } = context;
  const object = shown ? draft : attributes.object!;

  shown?.put?.(object, attributes.object!);
  strategy.prepareForUpdate?.(object, old, context);

  if (
    strategy.generation &&
    !UNCOUNTED.has(request.subresource) &&
    desiredStateChanged(type, object, old)
  ) {
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }

  yield* pause(context);

  const causes = [
    ...uidChange,
    // Kubernetes asks this of all kinds and of each, and names both causes.
    ...newFinalizers(object, old),
    ...newFinalizers(object, old),
    ...validateKind(type, object, old, request.subresource, context.warnings),
  ];

  yield* pause(context);

  const more = strategy.validate?.(object, old, context) ?? [];
  const error = invalidObject(type, name, [...causes, ...more]);
  if (error) {
    throw error;
  }

  context.warnings.push(...(strategy.warnings?.(object, old, context) ?? []));
  completeObject(type, object);
  yield* store.admission.validate(
    shown ? store.attributesOf('UPDATE', object, old, context) : attributes,
  );

  const { metadata } = object;
  if (
    metadata.deletionTimestamp &&
    !metadata.finalizers?.length &&
    !metadata.deletionGracePeriodSeconds
  ) {
    if (type.resource !== 'namespaces' || !object.spec?.finalizers?.length) {
      return { remove: true, last: object };
    }
  }

  yield* pause(context);

  if (isUnchanged(object, old)) {
    return { keep: true };
  }

  return { put: object, charge: () => store.admission.charge(attributes) };
}
