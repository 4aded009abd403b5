import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionKind, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue, required, tooLong } from '@ks-apiserver/apimachinery/validation/field';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  pathSegmentErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';

const maxAnnotationBytes = 256 * 1024;
const standardFinalizers = new Set([
  'customresourcecleanup.apiextensions.k8s.io',
  'orphan',
  'foregroundDeletion',
  'kubernetes',
]);
const pathNamed = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

function nameErrors({ group, kind }: GroupVersionKind, name: string): string[] {
  if (group === 'rbac.authorization.k8s.io' && pathNamed.has(kind)) return pathSegmentErrors(name);
  if (group === '' && (kind === 'Namespace' || kind === 'Service')) return dnsLabelErrors(name);
  if (group === 'networking.k8s.io' && kind === 'IPAddress') return [];
  return dnsSubdomainErrors(name);
}

/** A generated name gets five characters more, so a base may end with a dash or dot. */
function baseErrors(gvk: GroupVersionKind, base: string): string[] {
  return nameErrors(gvk, base.replace(/[-.]$/, 'a'));
}

/** What is wrong with labels, with the field that holds them. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: string): StatusCause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedNameErrors(key).map((error) => invalidValue(field, key, error)),
    ...labelValueErrors(value).map((error) => invalidValue(field, value, error)),
  ]);
}

function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined): StatusCause[] {
  const field = 'metadata.annotations';
  const causes: StatusCause[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    causes.push(...qualifiedNameErrors(key.toLowerCase()).map((error) => invalidValue(field, key, error)));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > maxAnnotationBytes) causes.push(tooLong(field, maxAnnotationBytes));
  return causes;
}

function validateFinalizers(finalizers: readonly string[] | undefined, custom: boolean): StatusCause[] {
  return (finalizers ?? []).flatMap((finalizer, index) => {
    const field = `metadata.finalizers[${index}]`;
    const causes = qualifiedNameErrors(finalizer).map((error) => invalidValue(field, finalizer, error));
    if (causes.length === 0 && !custom && !finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      const why = 'name is neither a standard finalizer name nor is it fully qualified';
      causes.push(invalidValue(field, finalizer, why));
    }
    return causes;
  });
}

function validateOwners({ ownerReferences }: ObjectMeta): StatusCause[] {
  const causes: StatusCause[] = [];
  let controller: string | undefined;
  for (const [index, owner] of (ownerReferences ?? []).entries()) {
    const field = `metadata.ownerReferences[${index}]`;
    if (!owner.apiVersion) causes.push(invalidValue(`${field}.apiVersion`, '', 'version must not be empty'));
    if (!owner.kind) causes.push(invalidValue(`${field}.kind`, '', 'must not be empty'));
    if (!owner.name) causes.push(invalidValue(`${field}.name`, '', 'must not be empty'));
    if (!owner.uid) causes.push(invalidValue(`${field}.uid`, '', 'must not be empty'));
    if (owner.controller !== true) continue;
    if (controller !== undefined) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.kind}/${owner.name}`;
      causes.push(invalidValue('metadata.ownerReferences', ownerReferences, why));
    }
    controller = `${owner.kind}/${owner.name}`;
  }
  return causes;
}

/**
 * What is wrong with an object's metadata, whatever its kind; the name's form depends on the kind. Custom resources may
 * have finalizers without a domain, as those of KubeSphere's workspaces are.
 */
export function validateMetadata(gvk: GroupVersionKind, metadata: ObjectMeta, custom = false): StatusCause[] {
  const causes: StatusCause[] = [];
  const { name = '', generateName = '', namespace = '' } = metadata;
  if (generateName !== '') {
    const field = 'metadata.generateName';
    causes.push(...baseErrors(gvk, generateName).map((error) => invalidValue(field, generateName, error)));
  }
  if (name === '') causes.push(required('metadata.name', 'name or generateName is required'));
  else causes.push(...nameErrors(gvk, name).map((error) => invalidValue('metadata.name', name, error)));
  if (namespace !== '') {
    causes.push(...dnsLabelErrors(namespace).map((error) => invalidValue('metadata.namespace', namespace, error)));
  }
  causes.push(...validateLabels(metadata.labels, 'metadata.labels'), ...validateAnnotations(metadata.annotations));
  causes.push(...validateOwners(metadata), ...validateFinalizers(metadata.finalizers, custom));
  return causes;
}
