import { CONTROLS_NAMESPACE, SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS } from '@ks-apiserver/api/resources';
import { derivedName } from '@ks-apiserver/apimachinery/meta/derived-name';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { certificateOf } from '../kubectl/kubeconfig.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted } from '../runtime/ensure.ts';

/** Label of these marks. */
export const RETIRED_LABEL = 'iam.kubesphere.io/retired-user';

/**
 * How long a certificate may be good that nobody knows any more: the signer of Kubernetes gives a
 * year.
 */
const LONGEST_MS = 366 * 86_400_000;

/** Timers of Node hold no more than 24 days. */
const LOOK_AGAIN_MS = 20 * 86_400_000;

/**
 * Until when the newest certificate of a user is good, in milliseconds; undefined where he never
 * had one.
 */
async function certifiedUntil(client: KubeClient, user: string): Promise<number | undefined> {
  const key = {
    resource: CONFIG_MAPS,
    namespace: CONTROLS_NAMESPACE,
    name: `kubeconfig-${user}`,
  };

  const found = await client.find(key);
  if (!found) {
    return undefined;
  }

  try {
    const certificate = certificateOf(String(found.data?.config ?? ''));
    if (certificate) {
      return Date.parse(certificate.validTo);
    }
  } catch {
    // Somebody has put something else there: what was there before is not known.
  }

  return Date.now() + LONGEST_MS;
}

/**
 * Keeps the name of a deleted user from the next one until the certificates of the deleted user
 * have ended, by the ConfigMap `retired-user-<name>`. The RBAC of a cluster compares names alone:
 * an old certificate would have the new user's rights.
 */
export async function retireName(client: KubeClient, user: string): Promise<void> {
  const until = await certifiedUntil(client, user);
  if (until === undefined || until <= Date.now()) {
    return;
  }

  const key = {
    resource: CONFIG_MAPS,
    namespace: SYSTEM_NAMESPACE,
    name: derivedName('retired-user', user),
  };

  const found = await client.find(key);
  const known = Date.parse(String(found?.data?.until ?? ''));
  if (known >= until) {
    return;
  }

  const mark: KubeObject = {
    ...found,
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...found?.metadata,
      name: key.name,
      namespace: key.namespace,
      labels: { ...found?.metadata.labels, [RETIRED_LABEL]: 'true' },
    },
    data: { user, until: timestamp(new Date(until)) },
  };

  await (found ? client.update(CONFIG_MAPS, mark) : client.create(CONFIG_MAPS, mark));
}

/** Removes the marks of names whose certificates have ended; `marks` follows what has the label. */
export function retiredUserReconciler(client: KubeClient, marks: Informer): Reconciler {
  return {
    name: 'retired-user',
    sources: [{ informer: marks, keys: ({ entry }) => [entry.name] }],
    async reconcile(name) {
      const mark = marks.store.get(name, SYSTEM_NAMESPACE)?.object;
      if (!mark) {
        return undefined;
      }

      const left = Date.parse(String(mark.data?.until ?? '')) - Date.now();
      if (left > 0) {
        return Math.min(left, LOOK_AGAIN_MS);
      }

      await ensureDeleted(client, { resource: CONFIG_MAPS, namespace: SYSTEM_NAMESPACE, name });

      return undefined;
    },
  };
}
