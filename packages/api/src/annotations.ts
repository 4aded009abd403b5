/** Annotation of an object: the user who created it. */
export const CREATOR_ANNOTATION = 'kubesphere.io/creator';

/**
 * Annotation of a binding: the uid of the user for whom it was made, so that it does not serve a
 * later user of the same name.
 */
export const USER_UID_ANNOTATION = 'iam.kubesphere.io/user-uid';

/** Annotation of a user: `true` once `spec.password` is a bcrypt hash. */
export const PASSWORD_ENCRYPTED = 'iam.kubesphere.io/password-encrypted';

/** Annotation of a ServiceAccount: the role of its project that a controller binds it to. */
export const SERVICE_ACCOUNT_ROLE = 'iam.kubesphere.io/role';

/**
 * Annotation of a user whose password was set by somebody else: they must set their own first
 * (KubeSphere 3.2).
 */
export const UNINITIALIZED = 'iam.kubesphere.io/uninitialized';

/** Annotation of a user: the global role that they have or are to have. */
export const GLOBAL_ROLE_ANNOTATION = 'iam.kubesphere.io/globalrole';

/** Annotation of a role: JSON array of the roles whose rules it takes over. */
export const AGGREGATION_ROLES = 'iam.kubesphere.io/aggregation-roles';
