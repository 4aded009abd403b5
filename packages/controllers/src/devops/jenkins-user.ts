import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import {
  type JenkinsRoles,
  type RoleKey,
  whereServed,
} from '@ks-apiserver/upstreams/jenkins/jenkins-roles';
import type { Reconciler } from '../runtime/controller.ts';

/** Jenkins' own role that allows everything. */
const ADMIN: RoleKey = { type: 'globalRoles', name: 'admin' };

/** How long Jenkins' administrators are remembered, in milliseconds. */
const REMEMBERED_MS = 2000;

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
  let known: { names: ReadonlySet<string>; at: number } | undefined;

  /** Jenkins is asked once for all users that are reconciled at about the same time. */
  async function administrators(signal: AbortSignal): Promise<ReadonlySet<string>> {
    if (!known || performance.now() - known.at > REMEMBERED_MS) {
      const role = await roles.find(ADMIN, signal);
      known = { names: new Set(role?.sids), at: performance.now() };
    }

    return known.names;
  }

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

      await whereServed(async () => {
        const has = (await administrators(signal)).has(name);

        if (wanted && !has) {
          await roles.assign(ADMIN, name, signal);
          known = undefined;
        } else if (!wanted && has) {
          await roles.unassign(ADMIN, name, signal);
          known = undefined;
        }
      });

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
