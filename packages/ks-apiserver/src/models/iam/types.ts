import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';

const iam = (resource: string): GroupVersionResource => ({
  group: 'iam.kubesphere.io',
  version: 'v1alpha2',
  resource,
});

const rbac = (resource: string): GroupVersionResource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource,
});

/** Resources of the identity and access model. */
export const USERS = iam('users');
export const LOGIN_RECORDS = iam('loginrecords');
export const GLOBAL_ROLES = iam('globalroles');
export const GLOBAL_ROLE_BINDINGS = iam('globalrolebindings');
export const WORKSPACE_ROLES = iam('workspaceroles');
export const WORKSPACE_ROLE_BINDINGS = iam('workspacerolebindings');
export const GROUPS = iam('groups');
export const GROUP_BINDINGS = iam('groupbindings');
export const CLUSTER_ROLES = rbac('clusterroles');
export const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings');
export const ROLES = rbac('roles');
export const ROLE_BINDINGS = rbac('rolebindings');

/** Keys of labels and annotations that clients and controllers of KubeSphere share. */
export const WORKSPACE_LABEL = 'kubesphere.io/workspace';

/** Label of a DevOps project's namespace: the project's name. */
export const DEVOPS_LABEL = 'kubesphere.io/devopsproject';
export const USER_REF_LABEL = 'iam.kubesphere.io/user-ref';

/** Uid of the user for whom a binding was made: it is not the next one's of his name. */
export const USER_UID_ANNOTATION = 'iam.kubesphere.io/user-uid';
export const GROUP_REF_LABEL = 'iam.kubesphere.io/group-ref';
export const GROUP_PARENT_LABEL = 'iam.kubesphere.io/group-parent';
export const PASSWORD_ENCRYPTED = 'iam.kubesphere.io/password-encrypted';

/** Annotation of a ServiceAccount: the role of its project that a controller binds it to. */
export const SERVICE_ACCOUNT_ROLE = 'iam.kubesphere.io/role';

/**
 * Marks a user whose password somebody else has set: he must set one of his own first (KubeSphere
 * 3.2).
 */
export const UNINITIALIZED = 'iam.kubesphere.io/uninitialized';
export const GLOBAL_ROLE_ANNOTATION = 'iam.kubesphere.io/globalrole';
export const AGGREGATION_ROLES = 'iam.kubesphere.io/aggregation-roles';
export const CREATOR_ANNOTATION = 'kubesphere.io/creator';

/**
 * Label, in 3.0 for OAuth an annotation, of a user who logs in through an identity provider: the
 * provider's name.
 */
export const PROVIDER_KEY = 'iam.kubesphere.io/identify-provider';

/** Label with the account's name at the provider; an annotation has it where it fits no label. */
export const ORIGIN_UID_KEY = 'iam.kubesphere.io/origin-uid';

/** States of a user; a user without one has not been looked at by its controller yet. */
export type UserState = 'Active' | 'Disabled' | 'AuthLimitExceeded';

/**
 * User of iam.kubesphere.io/v1alpha2; `spec.password` is a bcrypt hash once the annotation says so.
 */
export interface User extends KubeObject {
  spec: {
    email?: string;
    lang?: string;
    description?: string;
    displayName?: string;
    groups?: string[];
    password?: string;
  };
  status?: {
    state?: UserState;
    reason?: string;
    lastTransitionTime?: string;
    lastLoginTime?: string;
  };
}
