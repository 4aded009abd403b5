import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import { hasStatus, type ResourceType } from '../../resources/resource-type.ts';
import { STATUS_METADATA } from '../../resources/strategy.ts';

/** Whether the desired state changed, as metadata.generation counts it. */
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

/** The object with the fields that a subresource may change from `wanted`, the rest from `old`. */
export function throughSubresource(
  type: ResourceType,
  subresource: string,
  wanted: KubeObject,
  old: KubeObject,
  keeps: readonly string[],
): KubeObject {
  if (subresource === '') {
    if (!hasStatus(type)) {
      return wanted;
    }

    const { status: _status, ...rest } = wanted;

    const { metadata } = wanted;

    return { ...rest, metadata, ...(old.status !== undefined && { status: old.status }) };
  }

  const { managedFields } = wanted.metadata;
  const metadata = { ...old.metadata, ...(managedFields && { managedFields }) };

  for (const field of STATUS_METADATA) {
    if (subresource !== 'status' || keeps.includes(field)) {
      continue;
    }

    if (wanted.metadata[field] === undefined) {
      delete metadata[field];
    } else {
      Object.assign(metadata, { [field]: wanted.metadata[field] });
    }
  }

  if (subresource !== 'status' && subresource !== 'approval') {
    return { ...wanted, metadata };
  }

  const { status: _status, ...rest } = old;

  return { ...rest, metadata, ...(wanted.status !== undefined && { status: wanted.status }) };
}

/** The causes by which a patch that changes the uid is refused. */
export function changedUid(object: KubeObject, old: KubeObject): StatusCause[] {
  const { uid } = object.metadata;
  if (!uid || uid === old.metadata.uid) {
    return [];
  }

  const cause = invalidValue('metadata.uid', uid, 'field is immutable');

  // Kubernetes validates metadata once for all kinds and once for the kind, and names both causes.
  return [cause, cause];
}

/** Whether two states differ in nothing but the times in managedFields; metadata differs most often. */
export function isUnchanged(object: KubeObject, old: KubeObject): boolean {
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
