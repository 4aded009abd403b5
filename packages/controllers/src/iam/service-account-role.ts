import { createHash } from 'node:crypto';
import { SERVICE_ACCOUNT_ROLE } from '@ks-apiserver/api/annotations';
import { ROLE_BINDINGS } from '@ks-apiserver/api/resources';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelValueErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted } from '../runtime/ensure.ts';

/** Label of the role binding that is made for a ServiceAccount. */
const ACCOUNT_REF_LABEL = 'iam.kubesphere.io/serviceaccount-ref';
const MOST_ROLE_LENGTH = 253;
const KIND = 'ServiceAccount';

/** Dependencies of the ServiceAccount role controller. */
export interface ServiceAccountRoleDependencies {
  client: KubeClient;
  serviceAccounts: Informer;
  /** The informers keep parsed objects. */
  roles: Informer;
  roleBindings: Informer;
}

/** Returns the name of the binding of one ServiceAccount to one role. */
function bindingName(account: string, role: string): string {
  const hash = createHash('sha256').update(`${account}/${role}`).digest('hex').slice(0, 8);
  return `${account.slice(0, 60)}-${role.slice(0, 60)}-${hash}`;
}

/**
 * Binds each ServiceAccount to the role of its project that its annotation names, and to no other.
 */
export function serviceAccountRoleReconciler(
  dependencies: ServiceAccountRoleDependencies,
): Reconciler {
  const { client, serviceAccounts, roles, roleBindings } = dependencies;

  /**
   * Returns the bindings of a namespace that this controller has made for ServiceAccounts of a
   * name.
   */
  function bindingsOf(namespace: string, name: string): PersistedObject[] {
    return roleBindings.store
      .list('name', namespace)
      .flatMap(({ object }) => object ?? [])
      .filter(({ metadata }) =>
        metadata.ownerReferences?.some(
          (owner) => owner.controller && owner.kind === KIND && owner.name === name,
        ),
      );
  }

  return {
    name: 'service-account-role',
    sources: [
      { informer: serviceAccounts, keys: ({ entry }) => [`${entry.namespace}/${entry.name}`] },
      {
        informer: roles,
        keys: ({ type, entry }) =>
          type !== 'ADDED'
            ? []
            : serviceAccounts.store
                .list('name', entry.namespace)
                .filter(({ annotations }) => annotations[SERVICE_ACCOUNT_ROLE] === entry.name)
                .map(({ name }) => `${entry.namespace}/${name}`),
      },
      {
        informer: roleBindings,
        keys: ({ type, entry }) =>
          (type === 'DELETED' ? (entry.object?.metadata.ownerReferences ?? []) : [])
            .filter(({ kind }) => kind === KIND)
            .map(({ name }) => `${entry.namespace}/${name}`),
      },
    ],
    async reconcile(key) {
      const slash = key.indexOf('/');
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
      const account = serviceAccounts.store.get(name, namespace);
      const wanted = account?.annotations[SERVICE_ACCOUNT_ROLE] ?? '';

      // The informer shortens long values: none of them was reviewed.
      const role =
        wanted === '' || wanted.length > MOST_ROLE_LENGTH
          ? undefined
          : roles.store.get(wanted, namespace);

      const isRight = ({ metadata, roleRef }: PersistedObject) =>
        metadata.ownerReferences?.some(({ uid }) => uid === account?.uid) === true &&
        (roleRef as { kind?: string; name?: string }).kind === 'Role' &&
        (roleRef as { name?: string }).name === role?.name;

      const existing = bindingsOf(namespace, name);
      for (const binding of existing) {
        // Also deletes those of a former account of the same name, before the garbage collector
        // does.
        if (!isRight(binding)) {
          await ensureDeleted(client, {
            resource: ROLE_BINDINGS,
            namespace,
            name: binding.metadata.name,
          });
        }
      }

      if (!account || !role || existing.some(isRight)) {
        return undefined;
      }

      const owner = { apiVersion: 'v1', kind: KIND, metadata: { name, uid: account.uid } };
      await ensureCreated(client, ROLE_BINDINGS, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: {
          name: bindingName(name, role.name),
          namespace,
          ...(labelValueErrors(name).length === 0 && { labels: { [ACCOUNT_REF_LABEL]: name } }),
          ownerReferences: [controllerReference(owner)],
        },
        subjects: [{ kind: KIND, name, namespace }],
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.name },
      });

      return undefined;
    },
  };
}
