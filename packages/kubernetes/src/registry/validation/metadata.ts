import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  GroupVersionKind,
  ObjectMeta,
  OwnerReference,
} from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue, required } from '@ks-apiserver/apimachinery/validation/field';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  pathSegmentErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import { Causes } from './causes.ts';

const maxAnnotationBytes = 256 * 1024;

const standardFinalizers = new Set([
  'customresourcecleanup.apiextensions.k8s.io',
  'orphan',
  'foregroundDeletion',
  'kubernetes',
]);

const pathNamed = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

/** The name is the prefix of its pods' names, which are host names. */
function statefulSetNameErrors(name: string): string[] {
  const errors = dnsSubdomainErrors(name);
  return errors.length === 0 && name.includes('.') ? ['must not contain dots'] : errors;
}

function nameErrors({ group, kind }: GroupVersionKind, name: string): string[] {
  if (group === 'rbac.authorization.k8s.io' && pathNamed.has(kind)) {
    return pathSegmentErrors(name);
  }
  if (group === '' && (kind === 'Namespace' || kind === 'Service')) {
    return dnsLabelErrors(name);
  }

  // Events of core/v1 may have any name that is a valid path segment.
  if (group === '' && kind === 'Event') {
    return pathSegmentErrors(name);
  }
  if (group === 'networking.k8s.io' && kind === 'IPAddress') {
    return [];
  }
  if (group === 'apiregistration.k8s.io') {
    return pathSegmentErrors(name);
  }
  if (group === 'apps' && kind === 'StatefulSet') {
    return statefulSetNameErrors(name);
  }

  return dnsSubdomainErrors(name);
}

/** A generated name gets a suffix: the prefix may end with a dash. */
function baseErrors(gvk: GroupVersionKind, base: string): string[] {
  return nameErrors(gvk, base.replace(/.-$/su, 'a'));
}

/** The causes that `find` finds, up to the number that a response lists. */
function validateCausesOf(find: (out: Causes) => void): StatusCause[] {
  const out = new Causes();
  out.collect(find);
  return out.list;
}

/** What is wrong with labels; `field` is their path. */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  field: string,
): StatusCause[] {
  return validateCausesOf((out) => {
    for (const [key, value] of Object.entries(labels ?? {})) {
      out.each(field, key, qualifiedNameErrors(key));
      out.each(field, value, labelValueErrors(value));
    }
  });
}

function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): StatusCause[] {
  const field = 'metadata.annotations';

  return validateCausesOf((out) => {
    let size = 0;

    for (const [key, value] of Object.entries(annotations ?? {})) {
      out.each(field, key, qualifiedNameErrors(key.toLowerCase()));
      size += Buffer.byteLength(key) + Buffer.byteLength(value);
    }

    if (size > maxAnnotationBytes) {
      out.tooLong(field, maxAnnotationBytes);
    }
  });
}

function validateFinalizers(finalizers: readonly string[] | undefined): StatusCause[] {
  const field = 'metadata.finalizers';
  const list = finalizers ?? [];

  return validateCausesOf((out) => {
    for (const finalizer of list) {
      out.each(field, finalizer, qualifiedNameErrors(finalizer));
    }

    if (list.includes('orphan') && list.includes('foregroundDeletion')) {
      out.invalid(field, list, 'finalizer orphan and foregroundDeletion cannot be both set');
    }
  });
}

/** Finalizers of built-in kinds need a domain, except for those of Kubernetes itself. */
function validateFinalizerDomains(finalizers: readonly string[] | undefined): StatusCause[] {
  const why = 'name is neither a standard finalizer name nor is it fully qualified';

  return validateCausesOf((out) => {
    for (const [index, finalizer] of (finalizers ?? []).entries()) {
      if (finalizer.includes('/') || standardFinalizers.has(finalizer)) {
        continue;
      }
      out.invalid(`metadata.finalizers[${index}]`, finalizer, why);
    }
  });
}

/** The fields in the order in which Kubernetes prints them. */
function toGoOwner({ apiVersion, kind, name, uid, ...rest }: OwnerReference): OwnerReference {
  return { apiVersion, kind, name, uid, ...rest };
}

function validateOwners({ ownerReferences }: ObjectMeta): StatusCause[] {
  const field = 'metadata.ownerReferences';

  return validateCausesOf((out) => {
    let controller: string | undefined;

    for (const owner of ownerReferences ?? []) {
      if (!owner.apiVersion || owner.apiVersion.split('/', 3).length > 2) {
        out.invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty');
      }
      if (!owner.kind) {
        out.invalid(`${field}.kind`, '', 'must not be empty');
      }
      if (!owner.name) {
        out.invalid(`${field}.name`, '', 'must not be empty');
      }
      if (!owner.uid) {
        out.invalid(`${field}.uid`, '', 'must not be empty');
      }
      if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
        out.invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner');
      }
      if (owner.controller !== true) {
        continue;
      }

      const name = `${owner.kind}/${owner.name}`;

      if (controller !== undefined) {
        const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
        out.invalid(field, (ownerReferences ?? []).map(toGoOwner), why);
      } else {
        controller = name;
      }
    }
  });
}

function validateShared(metadata: ObjectMeta): StatusCause[] {
  const { generation = 0 } = metadata;

  return [
    ...(generation < 0
      ? [invalidValue('metadata.generation', generation, 'must be greater than or equal to 0')]
      : []),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations),
    ...validateOwners(metadata),
  ];
}

/** Kinds for which Kubernetes validates all metadata once more on updates. */
const again = new Set([
  '/Pod',
  '/Secret',
  '/ConfigMap',
  '/ServiceAccount',
  '/PersistentVolumeClaim',
  '/Endpoints',
  'apps/ControllerRevision',
  'networking.k8s.io/Ingress',
  'networking.k8s.io/IngressClass',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/RoleBinding',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'storage.k8s.io/VolumeAttributesClass',
]);

/**
 * What is wrong with the metadata of an updated object of a built-in kind. Several layers of
 * Kubernetes validate it and each reports its causes: some are listed several times.
 */
export function validateMetadataUpdate(
  gvk: GroupVersionKind,
  metadata: ObjectMeta,
  subresource: string,
): StatusCause[] {
  const shared = validateShared(metadata);
  const finalizers = validateFinalizers(metadata.finalizers);
  const domains = validateFinalizerDomains(metadata.finalizers);
  const causes = [...shared, ...finalizers, ...shared, ...shared, ...domains];
  const isAgain = again.has(`${gvk.group}/${gvk.kind}`) && subresource !== 'status';

  return isAgain ? [...causes, ...shared, ...finalizers, ...domains] : causes;
}

/** What is wrong with the metadata of an object of a built-in kind. */
export function validateMetadata(gvk: GroupVersionKind, metadata: ObjectMeta): StatusCause[] {
  return [...validateAnyMetadata(gvk, metadata), ...validateFinalizerDomains(metadata.finalizers)];
}

/**
 * The same for custom resources, whose finalizers need no domain: those of KubeSphere's workspaces
 * have none.
 */
export function validateAnyMetadata(gvk: GroupVersionKind, metadata: ObjectMeta): StatusCause[] {
  const causes: StatusCause[] = [];
  const { name = '', generateName = '', namespace = '' } = metadata;
  if (generateName !== '') {
    const field = 'metadata.generateName';
    causes.push(
      ...baseErrors(gvk, generateName).map((error) => invalidValue(field, generateName, error)),
    );
  }

  if (name === '') {
    causes.push(required('metadata.name', 'name or generateName is required'));
  } else {
    causes.push(
      ...nameErrors(gvk, name).map((error) => invalidValue('metadata.name', name, error)),
    );
  }

  if (namespace !== '') {
    causes.push(
      ...dnsLabelErrors(namespace).map((error) =>
        invalidValue('metadata.namespace', namespace, error),
      ),
    );
  }

  causes.push(...validateShared(metadata), ...validateFinalizers(metadata.finalizers));

  return causes;
}
