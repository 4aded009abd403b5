/** A binding's subject that names a user (Kubernetes rbac/v1 Subject). */
export function userSubject(name: string): { kind: string; apiGroup: string; name: string } {
  return { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name };
}
