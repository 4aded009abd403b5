import { retiredUntil, retiredUserKey } from '@ks-apiserver/api/retired-user';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';

/** Throws a StatusError 409 for a name that nobody may get now. */
export type CheckNameIsFree = (name: string) => Promise<void>;

/**
 * Returns the check of new users' names on a cluster: a name is not free while a certificate of a
 * former user of that name is valid, because RBAC could not distinguish the two users.
 */
export function retiredNameCheck(client: KubeReader): CheckNameIsFree {
  return async (name) => {
    if (name === '') {
      return;
    }

    const mark = await client.find(retiredUserKey(name));
    if (mark?.data?.user !== name || retiredUntil(mark) <= Date.now()) {
      return;
    }

    const until = String(mark.data.until);

    throw new StatusError(
      409,
      'AlreadyExists',
      `users.iam.kubesphere.io "${name}" cannot be created until ${until}: a client certificate of a former user of that name is valid until then`,
      { name, group: 'iam.kubesphere.io', kind: 'users' },
    );
  };
}
