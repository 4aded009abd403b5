import { randomInt, randomUUID } from 'node:crypto';
import {
  badRequest,
  conflict,
  invalid,
  type StatusCause,
  StatusError,
  type Subject,
} from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ResourceType } from './resource-type.ts';
import { storedMetadata } from './stored-metadata.ts';
import type { Strategy } from './strategy.ts';

/** Letters of generated names: no vowels and nothing that looks alike (Kubernetes util/rand). */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_GENERATED_NAME = 63;

/** A name for `generateName`, shortened so that all of it stays within 63 characters. */
export function generateName(base: string): string {
  let name = base.slice(0, MAX_GENERATED_NAME - SUFFIX_LENGTH);

  for (let i = 0; i < SUFFIX_LENGTH; i++) {
    name += SUFFIX_LETTERS[randomInt(SUFFIX_LETTERS.length)];
  }

  return name;
}

/** The subject of an error about an object of a type. */
export function subjectOf(type: ResourceType, name: string | undefined): Subject {
  return { group: type.group, resource: type.resource, ...(name !== undefined && { name }) };
}

/** 422 about an object of a type; undefined when there are no causes. */
export function invalidObject(
  type: ResourceType,
  name: string | undefined,
  causes: StatusCause[],
): Error | undefined {
  return causes.length === 0 ? undefined : invalidObjectError(type, name, causes);
}

/** 422 about an object of a type. */
export function invalidObjectError(
  type: ResourceType,
  name: string | undefined,
  causes: StatusCause[],
): Error {
  // Of a kind that several groups have, Kubernetes names the one that it is stored in.
  return invalid(
    { group: type.storage.group, kind: type.kind, ...(name !== undefined && { name }) },
    causes,
  );
}

/**
 * Sets the namespace and name of a body to those of the URL; throws a StatusError 400 when they
 * differ.
 */
export function matchUrl(
  type: ResourceType,
  object: KubeObject,
  namespace: string,
  name?: string,
): void {
  const { metadata } = object;

  if (type.namespaced) {
    if (metadata.namespace && metadata.namespace !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }

    metadata.namespace = namespace;
  } else {
    delete metadata.namespace;
  }

  if (name === undefined) {
    return;
  }

  if (metadata.name && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }

  metadata.name = name;
}

/** Sets the metadata of a new object that only the server sets. */
export function initMetadata(object: KubeObject, now: Date): void {
  const { metadata } = object;
  if (!metadata.name && metadata.generateName) {
    metadata.name = generateName(metadata.generateName);
  }

  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;

  if (!metadata.generation) {
    delete metadata.generation;
  }

  delete metadata.resourceVersion;
}

/** Resources whose etcd keys have another name than the resource. */
const etcdNames: Readonly<Record<string, string>> = {
  services: 'services/specs',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  replicationcontrollers: 'controllers',
  ingresses: 'ingress',
};

/** The etcd key that Kubernetes' messages show for an object. */
function etcdKey(type: ResourceType, { metadata }: KubeObject): string {
  const resource = type.custom
    ? `${type.group}/${type.resource}`
    : (etcdNames[type.resource] ?? type.resource);
  return `/registry/${resource}/${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
}

/** 409: a write names the uid of another object of the same name. */
function otherUid(type: ResourceType, named: KubeObject, expected: string, found: string): Error {
  return conflict(
    subjectOf(type, named.metadata.name),
    `StorageError: invalid object, Code: 4, Key: ${etcdKey(type, named)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${expected}, UID in object meta: ${found}`,
  );
}

/**
 * Checks that an object that a PUT creates has no uid, which would mean another object; throws a
 * StatusError 409.
 */
export function checkAbsent(type: ResourceType, object: KubeObject): void {
  if (object.metadata.uid) {
    throw otherUid(type, object, object.metadata.uid, '');
  }
}

/** Drops owner references that are listed twice, and adds a warning. */
export function dedupOwners({ metadata }: KubeObject, warnings: string[], after = ''): void {
  const owners = metadata.ownerReferences ?? [];
  if (owners.length < 2) {
    return;
  }

  const known = new Map<string, (typeof owners)[number]>();
  const repeated: string[] = [];

  for (const owner of owners) {
    const identity = JSON.stringify(Object.entries(owner).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (known.has(identity)) {
      repeated.push(owner.uid);
    } else {
      known.set(identity, owner);
    }
  }

  if (repeated.length === 0) {
    return;
  }

  metadata.ownerReferences = [...known.values()];
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries${after}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  );
}

/**
 * Checks uid and resourceVersion of a write against the current object; throws a StatusError 409 or
 * 422.
 */
export function checkCurrent(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
  { unconditionalUpdate = true }: Pick<Strategy, 'unconditionalUpdate'>,
): void {
  const { uid, resourceVersion } = object.metadata;
  const { name, uid: oldUid } = storedMetadata(old);

  if (uid && uid !== oldUid) {
    throw otherUid(type, old, uid, oldUid);
  }

  if (!resourceVersion || resourceVersion === '0') {
    if (unconditionalUpdate) {
      return;
    }

    const message = 'Invalid value: 0: must be specified for an update';

    // Here Kubernetes names the resource, where other errors name the kind.
    throw invalid({ group: type.group, kind: type.resource, name }, [
      { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' },
    ]);
  }

  if (!/^[0-9]+$/.test(resourceVersion)) {
    // Kubernetes answers this with 500 and nothing but the text.
    throw new StatusError(
      500,
      '',
      `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`,
    );
  }

  if (resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(
      subjectOf(type, name),
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}

/** Restores on an update the metadata that only the server may change. */
export function keepMetadata(object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  const was = storedMetadata(old);

  metadata.name = was.name;

  if (was.namespace) {
    metadata.namespace = was.namespace;
  }

  metadata.uid = was.uid;
  metadata.creationTimestamp = was.creationTimestamp;
  metadata.resourceVersion = was.resourceVersion;

  for (const field of [
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generateName',
  ] as const) {
    if (was[field] === undefined) {
      delete metadata[field];
    } else {
      Object.assign(metadata, { [field]: was[field] });
    }
  }

  delete metadata.selfLink;
}

/** The causes by which new finalizers are refused on an object that is being deleted. */
export function newFinalizers(object: KubeObject, old: KubeObject): StatusCause[] {
  if (!old.metadata.deletionTimestamp) {
    return [];
  }

  const before = new Set(old.metadata.finalizers ?? []);
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) {
    return [];
  }

  const found = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;

  return [
    {
      reason: 'FieldValueForbidden',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${found}`,
      field: 'metadata.finalizers',
    },
  ];
}
