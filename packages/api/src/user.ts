import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

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
