import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** Whom a binding names (Kubernetes rbac/v1 Subject). */
export interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

/** A subject that names a user. */
export function userSubject(name: string): { kind: string; apiGroup: string; name: string } {
  return { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name };
}

/** The subjects of a binding; none of one that does not exist or names nobody. */
export function subjectsOf(binding: KubeObject | undefined): readonly Subject[] {
  return Array.isArray(binding?.subjects) ? (binding.subjects as Subject[]) : [];
}
