import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** States of a user; a user without one has not been looked at by its controller yet. */
export type UserState = 'Active' | 'Disabled' | 'AuthLimitExceeded';

/** Spec of a user; `password` is a bcrypt hash once an annotation says so. */
export interface UserSpec {
  email?: string;
  lang?: string;
  description?: string;
  displayName?: string;
  groups?: string[];
  password?: string;
}

/** Status of a user. */
export interface UserStatus {
  state?: UserState;
  reason?: string;
  lastTransitionTime?: string;
  lastLoginTime?: string;
}

/** User of iam.kubesphere.io/v1alpha2. */
export interface User extends KubeObject<UserSpec, UserStatus> {
  spec: UserSpec;
}

/** The part of an informer that holds objects by name. */
interface StoredObjects {
  store: { get(name: string): { object?: KubeObject | undefined } | undefined };
}

/** Returns a user by name from an informer of the users. */
export function findUser(users: StoredObjects, name: string): User | undefined {
  return users.store.get(name)?.object as User | undefined;
}
