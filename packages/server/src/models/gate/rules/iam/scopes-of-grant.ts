import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Scope, Scopes } from '../../../iam/roles/scopes.ts';
import type { WriteAttempt } from '../../attempt.ts';

/** Returns the workspace of an object's label; '' for none. */
export function workspaceOf(object: KubeObject | undefined): string {
  return object?.metadata.labels?.[WORKSPACE_LABEL] ?? '';
}

/** Returns where an object is created: in the workspace of its label, else in the cluster. */
export function scopeOfCreation(scopes: Scopes, object: KubeObject | undefined): Scope {
  const workspace = workspaceOf(object);
  return workspace === '' ? scopes.cluster() : scopes.workspace(workspace);
}

/**
 * Whether Kubernetes alone decides about a grant: one by a ServiceAccount at the cluster scope,
 * where only those who may do everything give RBAC's `bind` and `escalate`. In a namespace, `*` on
 * roles includes them, which KubeSphere's roles for tenants have.
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
 * Returns where a role or binding gives rights: in its own scope, and in the one that a changed
 * label takes it from.
 */
export function scopesOfGrant(scopes: Scopes, { info, stored, proposed }: WriteAttempt): Scope[] {
  if (info.group === 'rbac.authorization.k8s.io') {
    const isNamespaced = info.resource === 'roles' || info.resource === 'rolebindings';
    const namespace = proposed?.metadata.namespace ?? info.namespace;
    return [isNamespaced && namespace !== '' ? scopes.namespace(namespace) : scopes.cluster()];
  }

  if (!info.resource.startsWith('workspacerole')) {
    return [scopes.global()];
  }

  const workspaces = new Set([proposed, ...(stored ? [stored] : [])].map(workspaceOf));

  // A role without a workspace is a template for all of them.
  return [...workspaces].map((name) => (name === '' ? scopes.global() : scopes.workspace(name)));
}
