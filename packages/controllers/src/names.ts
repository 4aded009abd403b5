import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type {
  GroupVersionResource,
  KubeObject,
  OwnerReference,
} from '@ks-apiserver/apimachinery/meta/types';

const of =
  (group: string, version: string) =>
  (resource: string): GroupVersionResource => ({ group, version, resource });
const iam = of('iam.kubesphere.io', 'v1alpha2');
const rbac = of('rbac.authorization.k8s.io', 'v1');

/** Resources that the controllers write. */
export const USERS = iam('users');
export const LOGIN_RECORDS = iam('loginrecords');
export const GLOBAL_ROLE_BINDINGS = iam('globalrolebindings');
export const WORKSPACE_ROLES = iam('workspaceroles');
export const WORKSPACE_ROLE_BINDINGS = iam('workspacerolebindings');
export const GROUPS = iam('groups');
export const GROUP_BINDINGS = iam('groupbindings');
export const ROLES = rbac('roles');
export const ROLE_BINDINGS = rbac('rolebindings');
export const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings');
export const NAMESPACES = of('', 'v1')('namespaces');
export const WORKSPACES = of('tenant.kubesphere.io', 'v1alpha1')('workspaces');
export const WORKSPACE_TEMPLATES = of('tenant.kubesphere.io', 'v1alpha2')('workspacetemplates');

/** Keys of labels and annotations that clients and controllers of KubeSphere share. */
export const WORKSPACE_LABEL = 'kubesphere.io/workspace';
export const NAMESPACE_LABEL = 'kubesphere.io/namespace';
export const DEVOPS_LABEL = 'kubesphere.io/devopsproject';
export const USER_REF_LABEL = 'iam.kubesphere.io/user-ref';

/** Uid of the user for whom a binding was made: it is not the next one's of his name. */
export const USER_UID_ANNOTATION = 'iam.kubesphere.io/user-uid';
export const GROUP_REF_LABEL = 'iam.kubesphere.io/group-ref';
export const GROUP_PARENT_LABEL = 'iam.kubesphere.io/group-parent';
export const CREATOR_ANNOTATION = 'kubesphere.io/creator';
export const PASSWORD_ENCRYPTED = 'iam.kubesphere.io/password-encrypted';
export const FEDERATED_LABEL = 'kubefed.io/managed';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** A subject that names a user. */
export function userSubject(name: string): { kind: 'User'; apiGroup: string; name: string } {
  return { kind: 'User', apiGroup: RBAC_GROUP, name };
}

/** An owner reference by which an object is controlled and goes with its owner. */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion = '', kind = '' } = owner;

  return {
    apiVersion,
    kind,
    name: owner.metadata.name!,
    uid: owner.metadata.uid!,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** True when an object is on its way out. */
export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** True when two JSON values are the same, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) {
    return true;
  }

  if (
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    a === null ||
    b === null ||
    Array.isArray(a) !== Array.isArray(b)
  ) {
    return false;
  }

  const [x, y] = [
    Object.entries(a).filter(([, v]) => v !== undefined),
    Object.entries(b).filter(([, v]) => v !== undefined),
  ];

  return (
    x.length === y.length &&
    x.every(
      ([key, value]) =>
        Object.hasOwn(b, key) && sameJson(value, (b as Record<string, unknown>)[key]),
    )
  );
}

/** The time now as Kubernetes writes it: RFC 3339 in whole seconds. */
export function now(): string {
  return timestamp();
}
