import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { FEDERATED_LABEL, HOST_CLUSTER_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ObjectKey } from '@ks-apiserver/client/kube/client';
import type { TargetCluster } from './placement.ts';

/**
 * Annotation of an object that was in a member before it was propagated there. It is not deleted
 * with the federated object: nothing is deleted that was not made by the propagation.
 */
export const ADOPTED_ANNOTATION = 'federation.kubesphere.io/adopted';

/** Namespaces of the platform: those of a member are never taken over. */
const PLATFORM_NAMESPACE = /^(default$|kube-|kubesphere-)/;

/** Returns where the copies of a federated object are. */
export function copyKey(kind: FederatedKind, { metadata }: KubeObject): ObjectKey {
  const isInNamespace = kind.namespaced && kind.kind !== FEDERATED_NAMESPACE.kind;

  return {
    resource: kind.target,
    name: metadata.name ?? '',
    ...(isInNamespace && { namespace: metadata.namespace }),
  };
}

/** Whether a cluster is the host itself. */
export function isHost({ labels }: Pick<TargetCluster, 'labels'>): boolean {
  return HOST_CLUSTER_LABEL in labels;
}

/** Whether an object is one that is propagated. */
export function isManaged({ metadata }: KubeObject): boolean {
  return metadata.labels?.[FEDERATED_LABEL] === 'true';
}

/** Whether an object says that it must not be taken over. */
export function refusesManagement({ metadata }: KubeObject): boolean {
  return metadata.labels?.[FEDERATED_LABEL] === 'false';
}

/** Whether an object was there before it was propagated. */
export function isAdopted({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ADOPTED_ANNOTATION] !== undefined;
}

/** Kinds whose objects belong to the workspace of their label. */
const OF_WORKSPACE: ReadonlySet<string> = new Set([
  FEDERATED_NAMESPACE.kind,
  'WorkspaceRole',
  'WorkspaceRoleBinding',
]);

/**
 * Returns why an existing object must not be taken over; undefined if it may be. Whoever has a
 * namespace in the host would otherwise get one of the same name in a member, whosever it is there.
 */
export function adoptionRefusal(
  { kind }: FederatedKind,
  desired: KubeObject,
  current: KubeObject,
): string | undefined {
  const workspaceOf = ({ metadata }: KubeObject) => metadata.labels?.[WORKSPACE_LABEL] ?? '';
  const isNamespace = kind === FEDERATED_NAMESPACE.kind;

  if (isNamespace && PLATFORM_NAMESPACE.test(current.metadata.name ?? '')) {
    return 'it is a namespace of the platform';
  }
  if (OF_WORKSPACE.has(kind) && workspaceOf(desired) !== workspaceOf(current)) {
    return 'it exists and is not of the same workspace';
  }

  return undefined;
}
