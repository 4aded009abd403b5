import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';

const active = new WeakMap<Entry, boolean>();

function isActive(user: Entry): boolean {
  let known = active.get(user);
  if (known === undefined) {
    known = JSON.parse(user.bytes.toString()).status?.state !== 'Disabled';
    active.set(user, known);
  }

  return known;
}

/**
 * Returns a caller of this server as a member knows them: by the name of a user who is not disabled
 * there. Undefined for all others: ServiceAccounts, anonymous callers and the groups of Kubernetes
 * mean somebody else in another cluster.
 */
export function callerAmong(users: InformerStore, caller: UserInfo): UserInfo | undefined {
  const user = users.get(caller.name);
  if (!user || !isActive(user) || !caller.groups.includes('system:authenticated')) {
    return undefined;
  }

  const groups = caller.groups.filter(
    (group) => !group.startsWith('system:') || group === 'system:authenticated',
  );

  return { ...caller, uid: user.uid, groups };
}
