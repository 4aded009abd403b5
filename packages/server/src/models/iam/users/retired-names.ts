import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS } from '@ks-apiserver/api/resources';
import { derivedName } from '@ks-apiserver/apimachinery/meta/derived-name';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeClient } from '@ks-apiserver/client/kube/client';

/** Throws a StatusError 409 for a name that nobody may get now. */
export type CheckNameIsFree = (name: string) => Promise<void>;

/**
 * Whether a user may get a name: on a cluster not while certificates of a former user of that name
 * are good, which RBAC could not tell from his.
 */
export function retiredNames(client: KubeClient): CheckNameIsFree {
  return async (name) => {
    if (name === '') {
      return;
    }

    const key = {
      resource: CONFIG_MAPS,
      namespace: SYSTEM_NAMESPACE,
      name: derivedName('retired-user', name),
    };

    const mark = await client.find(key);
    if (mark?.data?.user !== name) {
      return;
    }

    const until = String(mark.data.until);
    if (Date.parse(until) <= Date.now()) {
      return;
    }

    throw new StatusError(
      409,
      'AlreadyExists',
      `users.iam.kubesphere.io "${name}" cannot be created until ${until}: a client certificate of a former user of that name is good until then`,
      { name, group: 'iam.kubesphere.io', kind: 'users' },
    );
  };
}
