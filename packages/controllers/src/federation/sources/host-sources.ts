import type { FederatedSpec } from '@ks-apiserver/api/federation/federated-object';
import { type FederatedKind, federatedKind } from '@ks-apiserver/api/federation/kinds';
import { FEDERATED_LABEL } from '@ks-apiserver/api/labels';
import {
  GLOBAL_ROLE_BINDINGS,
  GLOBAL_ROLES,
  USERS,
  WORKSPACE_ROLE_BINDINGS,
  WORKSPACE_ROLES,
  WORKSPACE_TEMPLATES,
} from '@ks-apiserver/api/resources';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../../runtime/controller.ts';
import type { FederatedInformers } from '../federation.ts';
import { sourceReconciler } from './source.ts';

/** The host's users, roles, bindings and workspaces; all keep objects. */
export interface HostObjects {
  users: Informer;
  globalRoles: Informer;
  globalRoleBindings: Informer;
  workspaceRoles: Informer;
  workspaceRoleBindings: Informer;
  templates: Informer;
}

type Fields = Record<string, unknown>;

/**
 * Returns the template of an object: its labels and some of its fields. Annotations stay in the
 * host: members set their own, and some name users by uids that are other ones there.
 */
function templateOf({ metadata }: PersistedObject, fields: Fields): FederatedSpec {
  const { [FEDERATED_LABEL]: _managed, ...labels } = metadata.labels ?? {};
  const template = {
    ...(Object.keys(labels).length > 0 && { metadata: { labels } }),
    ...fields,
  };

  return { template: template as FederatedSpec['template'] & object };
}

/**
 * Returns what members know of a user. They take the host's tokens, so that no password leaves it;
 * and only whether somebody is disabled matters there, not how often they failed to log in.
 */
function specOfUser(user: PersistedObject): FederatedSpec | undefined {
  const { password: _password, ...spec } = user.spec ?? {};
  const state = user.status?.state;

  // Its controller has not looked at the user yet.
  if (!state) {
    return undefined;
  }

  const status = { state: state === 'Disabled' ? 'Disabled' : 'Active' };

  return templateOf(user, { spec, status });
}

const specOfRole = (role: PersistedObject) => templateOf(role, { rules: role.rules ?? [] });

const specOfBinding = (binding: PersistedObject) =>
  templateOf(binding, { subjects: binding.subjects ?? [], roleRef: binding.roleRef });

/** Kinds of which the host's own objects are propagated. */
export const SOURCE_KINDS: readonly FederatedKind[] = [
  'User',
  'GlobalRole',
  'GlobalRoleBinding',
  'WorkspaceRole',
  'WorkspaceRoleBinding',
  'Workspace',
].map(federatedKind);

/** Returns the reconcilers that make federated objects of the host's own. */
export function hostSourceReconcilers(
  client: KubeClient,
  objects: HostObjects,
  federated: FederatedInformers,
): Reconciler[] {
  const sources = [
    ['User', USERS, objects.users, specOfUser],
    ['GlobalRole', GLOBAL_ROLES, objects.globalRoles, specOfRole],
    ['GlobalRoleBinding', GLOBAL_ROLE_BINDINGS, objects.globalRoleBindings, specOfBinding],
    ['WorkspaceRole', WORKSPACE_ROLES, objects.workspaceRoles, specOfRole],
    ['WorkspaceRoleBinding', WORKSPACE_ROLE_BINDINGS, objects.workspaceRoleBindings, specOfBinding],
    // A WorkspaceTemplate has the spec of a federated object.
    [
      'Workspace',
      WORKSPACE_TEMPLATES,
      objects.templates,
      ({ spec }: PersistedObject) => ({ placement: {}, overrides: [], ...spec }) as FederatedSpec,
    ],
  ] as const;

  return sources.flatMap(([kind, resource, informer, specOf]) => {
    const copies = federated.get(kind);
    return copies
      ? [
          sourceReconciler(client, {
            kind: federatedKind(kind),
            resource,
            objects: informer,
            federated: copies,
            specOf,
          }),
        ]
      : [];
  });
}
