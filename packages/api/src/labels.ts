/** Label of everything that belongs to a workspace: the workspace's name. */
export const WORKSPACE_LABEL = 'kubesphere.io/workspace';

/** Label of a namespace that is a project: its own name. */
export const NAMESPACE_LABEL = 'kubesphere.io/namespace';

/** Label of a DevOps project's namespace: the project's name. */
export const DEVOPS_LABEL = 'kubesphere.io/devopsproject';

/** Label of an object made for a user, such as their kubeconfig: the user's name. */
export const USERNAME_LABEL = 'kubesphere.io/username';

/** Label of what KubeFed spreads over member clusters. */
export const FEDERATED_LABEL = 'kubefed.io/managed';

/** Label of the Cluster that stands for the own cluster; its value says nothing. */
export const HOST_CLUSTER_LABEL = 'cluster-role.kubesphere.io/host';

/** Label of a binding: the user whom it names. */
export const USER_REF_LABEL = 'iam.kubesphere.io/user-ref';

/** Label of a binding: the group that it names. */
export const GROUP_REF_LABEL = 'iam.kubesphere.io/group-ref';

/** Label of a group: the name of the group above it. */
export const GROUP_PARENT_LABEL = 'iam.kubesphere.io/group-parent';

/**
 * Label, in 3.0 for OAuth an annotation, of a user who logs in through an identity provider: the
 * provider's name.
 */
export const PROVIDER_KEY = 'iam.kubesphere.io/identify-provider';

/** Label with the account's name at the provider; an annotation where it is no valid label value. */
export const ORIGIN_UID_KEY = 'iam.kubesphere.io/origin-uid';
