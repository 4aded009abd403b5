import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import { IAM_GROUP, RBAC_GROUP, TENANT_GROUP } from '../groups.ts';

/** Group of federated objects (KubeFed). */
export const FEDERATED_GROUP = 'types.kubefed.io';

/** Version of federated objects. */
export const FEDERATED_VERSION = 'v1beta1';

/** `apiVersion` of federated objects. */
export const FEDERATED_API_VERSION = `${FEDERATED_GROUP}/${FEDERATED_VERSION}`;

/** Group of KubeFed's own objects. */
export const KUBEFED_GROUP = 'core.kubefed.io';

/** Namespace of KubeFed's objects, in the host and in members. */
export const KUBEFED_NAMESPACE = 'kube-federation-system';

/** The clusters that objects are propagated to. */
export const KUBEFED_CLUSTERS: GroupVersionResource = {
  group: KUBEFED_GROUP,
  version: 'v1beta1',
  resource: 'kubefedclusters',
};

/** A kind that can be propagated to members, and its federated kind. */
export interface FederatedKind {
  /** Kind of the propagated objects. */
  kind: string;
  /** Resource of the propagated objects. */
  target: GroupVersionResource;
  /** The same resource in clusters that do not serve `target`, if it is younger than Kubernetes 1.16. */
  older?: GroupVersionResource;
  /** Whether objects of the kind, and its federated objects, are in namespaces. */
  namespaced: boolean;
  /** Resource of the federated objects. */
  federated: GroupVersionResource;
  /**
   * Whether objects of the kind give rights, or say who somebody is. What they give in a member
   * depends on roles that only the member knows.
   */
  givesRights: boolean;
}

function kindIn(group: string, version: string) {
  return (
    kind: string,
    resource: string,
    {
      namespaced = true,
      givesRights = false,
    }: { namespaced?: boolean; givesRights?: boolean } = {},
  ): FederatedKind => ({
    kind,
    target: { group, version, resource },
    namespaced,
    federated: {
      group: FEDERATED_GROUP,
      version: FEDERATED_VERSION,
      resource: `federated${resource}`,
    },
    givesRights,
  });
}

const core = kindIn('', 'v1');
const apps = kindIn('apps', 'v1');
const rbac = kindIn(RBAC_GROUP, 'v1');
const iam = kindIn(IAM_GROUP, 'v1alpha2');

/** Objects of the platform that exist once in a cluster and give rights. */
const ofPlatform = { namespaced: false, givesRights: true };

/** The namespace itself; its federated object is in the namespace that it is about. */
export const FEDERATED_NAMESPACE: FederatedKind = core('Namespace', 'namespaces');

/** All kinds that are propagated: those that the installer of KubeSphere 3.0 enables, and more. */
export const FEDERATED_KINDS: readonly FederatedKind[] = [
  FEDERATED_NAMESPACE,
  core('ConfigMap', 'configmaps'),
  core('LimitRange', 'limitranges'),
  core('PersistentVolumeClaim', 'persistentvolumeclaims'),
  core('ResourceQuota', 'resourcequotas'),
  core('Secret', 'secrets'),
  core('Service', 'services'),
  core('ServiceAccount', 'serviceaccounts'),
  apps('Deployment', 'deployments'),
  apps('ReplicaSet', 'replicasets'),
  apps('StatefulSet', 'statefulsets'),
  kindIn('batch', 'v1')('Job', 'jobs'),
  {
    ...kindIn('networking.k8s.io', 'v1')('Ingress', 'ingresses'),
    // Until Kubernetes 1.18.
    older: { group: 'networking.k8s.io', version: 'v1beta1', resource: 'ingresses' },
  },
  kindIn('app.k8s.io', 'v1beta1')('Application', 'applications'),
  rbac('ClusterRole', 'clusterroles', ofPlatform),
  rbac('ClusterRoleBinding', 'clusterrolebindings', ofPlatform),
  iam('User', 'users', ofPlatform),
  iam('GlobalRole', 'globalroles', ofPlatform),
  iam('GlobalRoleBinding', 'globalrolebindings', ofPlatform),
  iam('WorkspaceRole', 'workspaceroles', ofPlatform),
  iam('WorkspaceRoleBinding', 'workspacerolebindings', ofPlatform),
  kindIn(TENANT_GROUP, 'v1alpha1')('Workspace', 'workspaces', ofPlatform),
];

const BY_RESOURCE: ReadonlyMap<string, FederatedKind> = new Map(
  FEDERATED_KINDS.map((kind) => [kind.federated.resource, kind]),
);

/** Returns the kind of a federated resource; undefined for any other resource. */
export function federatedKindOf({
  group,
  resource,
}: {
  group: string;
  resource: string;
}): FederatedKind | undefined {
  return group === FEDERATED_GROUP ? BY_RESOURCE.get(resource) : undefined;
}

/** Returns the federated kind of a kind. Throws an Error for one that is not propagated. */
export function federatedKind(kind: string): FederatedKind {
  const found = FEDERATED_KINDS.find((one) => one.kind === kind);
  if (!found) {
    throw new Error(`objects of the kind ${kind} are not propagated`);
  }

  return found;
}
