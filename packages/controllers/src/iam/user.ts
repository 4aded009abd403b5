import { PASSWORD_ENCRYPTED } from '@ks-apiserver/api/annotations';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { LOGIN_RECORDS, USERS } from '@ks-apiserver/api/resources';
import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted, withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import type { SubjectBindings } from './subject-bindings.ts';

const FINALIZER = 'finalizers.kubesphere.io/users';

/** How long after a user is gone a write of a binding may still arrive, in milliseconds. */
const SWEEP_AGAIN_MS = 5000;

/** A bcrypt hash. */
const HASH = /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Dependencies of the user controller. */
export interface UserControllerDependencies {
  client: KubeClient;
  users: Informer;
  hashPassword: (password: string) => Promise<string>;
  bindings: SubjectBindings;
  events: EventRecorder;
  /** Ends the sessions of a user who is deleted, disabled, or whose password was set. */
  revokeSessions: (username: string) => Promise<void>;
  /**
   * Reserves the name of a deleted user, where certificates do not tell users of one name apart.
   */
  retireName: (username: string) => Promise<void>;
}

/** Hashes plain passwords, makes new users Active, and removes what belongs to deleted users. */
export function userReconciler({
  client,
  users,
  hashPassword,
  bindings,
  events,
  revokeSessions,
  retireName,
}: UserControllerDependencies): Reconciler {
  /** Deleted users whose bindings are looked for once more. */
  const gone = new Set<string>();

  async function removeBelongings(name: string): Promise<void> {
    await bindings.removeUser(name, USER_REF_LABEL);

    const { items } = await client.list(LOGIN_RECORDS, {
      labelSelector: `${USER_REF_LABEL}=${name}`,
    });

    for (const { metadata } of items) {
      await ensureDeleted(client, { resource: LOGIN_RECORDS, name: metadata.name });
    }
  }

  /**
   * A binding that was being written while the user was deleted must not serve the next user of the
   * name.
   */
  async function sweep(name: string): Promise<number | undefined> {
    await removeBelongings(name);

    if (gone.delete(name)) {
      return undefined;
    }

    gone.add(name);

    return SWEEP_AGAIN_MS;
  }

  async function activate(user: PersistedObject): Promise<void> {
    const isMarked = user.metadata.annotations?.[PASSWORD_ENCRYPTED] === 'true';
    const password = user.spec?.password as string | undefined;

    // The annotation does not count: a client that patches the password leaves it unchanged, and a
    // client that writes a hash may forget it.
    const plain = password && !HASH.test(password) ? password : undefined;

    if (user.status?.state === 'Disabled') {
      // They would otherwise be valid again when the user is enabled.
      await revokeSessions(user.metadata.name);
    }

    if (!plain && isMarked && user.status?.state) {
      return;
    }

    const annotations: Record<string, string> = {
      ...user.metadata.annotations,
      [PASSWORD_ENCRYPTED]: 'true',
    };

    // `kubectl apply` keeps a copy of what was applied, with the password in clear text.
    delete annotations[LAST_APPLIED];

    const spec = { ...user.spec, ...(plain && { password: await hashPassword(plain) }) };

    const state =
      user.status?.state === 'Disabled'
        ? user.status
        : { ...user.status, state: 'Active', reason: undefined, lastTransitionTime: timestamp() };

    await client.update(USERS, {
      ...user,
      metadata: { ...user.metadata, annotations },
      spec,
      status: state,
    });

    if (!user.status?.state) {
      events.record(user, 'Normal', 'Activated', 'the user may log in');
    }
    if (plain && user.status?.state) {
      await revokeSessions(user.metadata.name);
    }
  }

  return {
    name: 'user',
    about: (name) => users.store.get(name)?.object,
    sources: [{ informer: users, keys: ({ entry }) => [entry.name] }],
    async reconcile(name) {
      const user = users.store.get(name)?.object;
      if (!user) {
        return sweep(name);
      }

      gone.delete(name);

      if (isTerminating(user)) {
        await revokeSessions(name);
        await removeBelongings(name);
        await retireName(name);

        events.record(
          user,
          'Normal',
          'RolesRemoved',
          'the roles, groups and log-in records of the user are removed',
        );

        await withoutFinalizer(client, USERS, user, FINALIZER);

        return undefined;
      }

      await activate(await withFinalizer(client, USERS, user, FINALIZER));

      return undefined;
    },
  };
}
