import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Scope, Scopes } from '../../../iam/roles/scopes.ts';
import type { WriteAttempt } from '../../attempt.ts';

/** The workspace of an object's label; '' for none. */
export function workspaceOf(object: KubeObject | undefined): string {
  return object?.metadata.labels?.[WORKSPACE_LABEL] ?? '';
}

/** Where an object is made: in the workspace of its label, or at the cluster scope without one. */
export function makingScope(scopes: Scopes, object: KubeObject | undefined): Scope {
  const workspace = workspaceOf(object);
  return workspace === '' ? scopes.cluster() : scopes.workspace(workspace);
}

/**
 * Whether Kubernetes alone decides about a grant: to a ServiceAccount in the cluster, where RBAC's
 * `bind` and `escalate` are given by who may do everything. In a namespace `*` on roles gives them
 * too, which KubeSphere's roles for tenants have.
 */
export function isLeftToKubernetes(
  { caller, info, checkedByKubernetes }: WriteAttempt,
  { level }: Scope,
): boolean {
  const isRbac = info.group === 'rbac.authorization.k8s.io';

  return (
    checkedByKubernetes &&
    isRbac &&
    level === 'cluster' &&
    caller.name.startsWith('system:serviceaccount:')
  );
}

/**
 * Where a role or a binding gives rights: its own scope, and that from which a changed label takes
 * it.
 */
export function scopesOfGrant(scopes: Scopes, { info, stored, wished }: WriteAttempt): Scope[] {
  if (info.group === 'rbac.authorization.k8s.io') {
    const isNamespaced = info.resource === 'roles' || info.resource === 'rolebindings';
    const namespace = wished?.metadata.namespace ?? info.namespace;
    return [isNamespaced && namespace !== '' ? scopes.namespace(namespace) : scopes.cluster()];
  }

  if (!info.resource.startsWith('workspacerole')) {
    return [scopes.global()];
  }

  const workspaces = new Set([wished, ...(stored ? [stored] : [])].map(workspaceOf));

  // One without a workspace is a template of all of them.
  return [...workspaces].map((name) => (name === '' ? scopes.global() : scopes.workspace(name)));
}
