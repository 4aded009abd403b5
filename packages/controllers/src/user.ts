import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from './controller.ts';
import { ensureDeleted, withFinalizer, withoutFinalizer } from './ensure.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  GLOBAL_ROLE_BINDINGS,
  isTerminating,
  LOGIN_RECORDS,
  now,
  PASSWORD_ENCRYPTED,
  ROLE_BINDINGS,
  USER_REF_LABEL,
  USERS,
  WORKSPACE_ROLE_BINDINGS,
} from './names.ts';

const FINALIZER = 'finalizers.kubesphere.io/users';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** What the user controller works with. */
export interface UserControllerParts {
  client: KubeClient;
  users: Informer;
  hashPassword: (password: string) => Promise<string>;
  /** Ends the sessions of a user who goes or whose password was set. */
  revokeSessions: (username: string) => Promise<void>;
}

/** Users: hashes a plain password, makes new users Active, and removes what belongs to a user who goes. */
export function userReconciler({ client, users, hashPassword, revokeSessions }: UserControllerParts): Reconciler {
  /** Bindings and login records carry the user's name in a label. */
  async function removeBelongings(name: string): Promise<void> {
    for (const resource of [
      GLOBAL_ROLE_BINDINGS,
      WORKSPACE_ROLE_BINDINGS,
      CLUSTER_ROLE_BINDINGS,
      ROLE_BINDINGS,
      LOGIN_RECORDS,
    ]) {
      const { items } = await client.list(resource, { labelSelector: `${USER_REF_LABEL}=${name}` });
      for (const { metadata } of items)
        await ensureDeleted(client, { resource, name: metadata.name!, namespace: metadata.namespace });
    }
  }

  async function activate(user: KubeObject): Promise<void> {
    const plain = user.metadata.annotations?.[PASSWORD_ENCRYPTED] !== 'true';
    if (!plain && user.status?.state) return;
    const annotations: Record<string, string> = { ...user.metadata.annotations, [PASSWORD_ENCRYPTED]: 'true' };
    // kubectl keeps a copy of what was applied, the password in clear with it.
    delete annotations[LAST_APPLIED];
    const password = user.spec?.password as string | undefined;
    const spec = { ...user.spec, ...(plain && password && { password: await hashPassword(password) }) };
    const state =
      user.status?.state === 'Disabled'
        ? user.status
        : { ...user.status, state: 'Active', reason: undefined, lastTransitionTime: now() };
    await client.update(USERS, { ...user, metadata: { ...user.metadata, annotations }, spec, status: state });
    if (plain && user.status?.state) await revokeSessions(user.metadata.name!);
  }

  return {
    name: 'user',
    sources: [{ informer: users, keys: ({ entry }) => [entry.name] }],
    async reconcile(name) {
      const user = users.store.get(name)?.object;
      if (!user) return undefined;
      if (isTerminating(user)) {
        await revokeSessions(name);
        await removeBelongings(name);
        await withoutFinalizer(client, USERS, user, FINALIZER);
        return undefined;
      }
      await activate(await withFinalizer(client, USERS, user, FINALIZER));
      return undefined;
    },
  };
}
