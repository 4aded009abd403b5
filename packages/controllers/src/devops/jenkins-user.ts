import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { JenkinsRoles, RoleKey } from '@ks-apiserver/upstreams/jenkins/jenkins-roles';
import type { Reconciler } from '../runtime/controller.ts';

/** Jenkins' own role that allows everything. */
const ADMIN: RoleKey = { type: 'globalRoles', name: 'admin' };

/** Dependencies of the controller of Jenkins' administrators. */
export interface JenkinsUserDependencies {
  users: Informer;
  globalRoleBindings: Informer;
  roles: JenkinsRoles;
  /** Whether a user is to administer Jenkins. */
  administers: (user: string) => boolean;
  /** The account by which this server calls Jenkins: it keeps what it has. */
  ownAccount: string;
}

/**
 * Gives Jenkins' role `admin` to the users who are to have it, and takes it from those who are not
 * any more. Users of Jenkins whom this server does not know keep what they have.
 */
export function jenkinsUserReconciler({
  users,
  globalRoleBindings,
  roles,
  administers,
  ownAccount,
}: JenkinsUserDependencies): Reconciler {
  return {
    name: 'jenkins-user',
    about: (name) => users.store.get(name)?.object,
    sources: [
      { informer: users, keys: ({ entry }) => [entry.name] },
      {
        informer: globalRoleBindings,
        keys: ({ entry, previous }) =>
          [entry, previous]
            .flatMap((binding) => namesOf(binding?.object?.subjects))
            .filter((name) => users.store.get(name) !== undefined),
      },
    ],
    async reconcile(name, signal) {
      if (name === ownAccount) {
        return undefined;
      }

      const user = users.store.get(name)?.object;
      const wanted = user !== undefined && !isTerminating(user) && administers(name);
      const role = await roles.find(ADMIN, signal);
      const has = role?.sids.includes(name) === true;

      if (wanted && !has) {
        await roles.assign(ADMIN, name, signal);
      } else if (!wanted && has) {
        await roles.unassign(ADMIN, name, signal);
      }

      return undefined;
    },
  };
}

function namesOf(subjects: unknown): string[] {
  const list: readonly { kind?: unknown; name?: unknown }[] = Array.isArray(subjects)
    ? subjects
    : [];

  return list.filter(({ kind }) => kind === 'User').map(({ name }) => String(name));
}
