import { forbidden, internalError, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from '../resources/resource-type.ts';
import type { WriteContext } from '../resources/strategy.ts';

/** The operation of a write (admission/v1 Operation). */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One write as admission plugins see it (Kubernetes "Admission Control in Kubernetes"). */
export interface Attributes {
  type: ResourceType;
  operation: Operation;
  /** '' for the object itself. */
  subresource: string;
  /** Name in the request; '' where it is yet to be generated. */
  name: string;
  /** '' for cluster-scoped objects; for a Namespace its own name. */
  namespace: string;
  /** The object to store; undefined for a deletion. Mutating plugins change or replace it. */
  object: KubeObject | undefined;
  /** The stored object; undefined for a creation. */
  old: KubeObject | undefined;
  context: WriteContext;
}

/**
 * One admission plugin; both functions throw a StatusError to refuse the write, and are
 * synchronous.
 */
export interface AdmissionPlugin {
  /** `resource` or `resource.group` of the stored resources that it handles; undefined for all. */
  resources?: readonly string[];
  /** May change the object; runs before the strategy and before validation. */
  admit?(attributes: Attributes): void;
  /** Checks the object as it would be stored. */
  validate?(attributes: Attributes): void;
}

/** The object of a creation or an update; throws a StatusError 500 for a deletion. */
export function requireObject({ object, name }: Attributes): KubeObject {
  if (!object) {
    throw internalError(`admission plugins have no object for the deletion of ${name}`);
  }

  return object;
}

/** 403 by an admission plugin: `pods "x" is forbidden: why`. */
export function refusalError({ type, name, object }: Attributes, why: string): StatusError {
  const named = name || object?.metadata.name || 'Unknown';
  return forbidden({ group: type.group, resource: type.resource, name: named }, why);
}

/** 500 because something that admission needs failed; the message is in the causes too. */
export function admissionFailed(why: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, {
    causes: [{ message: why }],
  });
}

/** The message of several errors (Kubernetes errors.Aggregate). */
export function aggregate(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  const text = distinct.join(', ');
  return distinct.length === 1 ? text : `[${text}]`;
}

/** The namespace that admission sees for a write: for a Namespace its own name. */
export function admissionNamespace(type: ResourceType, namespace: string, name: string): string {
  return type.resource === 'namespaces' && type.group === '' ? name : namespace;
}
