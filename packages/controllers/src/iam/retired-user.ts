import { kubeconfigIn, kubeconfigKey } from '@ks-apiserver/api/kubeconfig';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS } from '@ks-apiserver/api/resources';
import { makeRetiredUserMark, retiredUntil, retiredUserKey } from '@ks-apiserver/api/retired-user';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { certificateOf } from '../kubectl/kubeconfig.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted } from '../runtime/ensure.ts';

/**
 * How long an unknown certificate may be valid, in milliseconds: Kubernetes' signer gives a year.
 */
const LONGEST_MS = 366 * 86_400_000;

/** Node's timers hold no more than 24 days. */
const LOOK_AGAIN_MS = 20 * 86_400_000;

/**
 * Returns until when the newest certificate of a user is valid, in milliseconds; undefined when
 * they never had one.
 */
async function certifiedUntil(client: KubeClient, user: string): Promise<number | undefined> {
  const text = kubeconfigIn(await client.find(kubeconfigKey(user)));
  if (text === '') {
    return undefined;
  }

  try {
    const certificate = certificateOf(text);
    if (certificate) {
      return Date.parse(certificate.validTo);
    }
  } catch {
    // Somebody has replaced the certificate: how long the former one is valid is unknown.
  }

  return Date.now() + LONGEST_MS;
}

/**
 * Reserves the name of a deleted user until their certificates have expired, with the ConfigMap
 * `retired-user-<name>`. A cluster's RBAC compares names only: an old certificate would have the
 * rights of a new user of the same name.
 */
export async function retireName(client: KubeClient, user: string): Promise<void> {
  const until = await certifiedUntil(client, user);
  if (until === undefined || until <= Date.now()) {
    return;
  }

  const found = await client.find(retiredUserKey(user));
  if (retiredUntil(found) >= until) {
    return;
  }

  const mark = makeRetiredUserMark(user, until, found);
  await (found ? client.update(CONFIG_MAPS, mark) : client.create(CONFIG_MAPS, mark));
}

/**
 * Deletes the marks of names whose certificates have expired; `marks` follows the ConfigMaps with
 * the label.
 */
export function retiredUserReconciler(client: KubeClient, marks: Informer): Reconciler {
  return {
    name: 'retired-user',
    sources: [{ informer: marks, keys: ({ entry }) => [entry.name] }],
    async reconcile(name) {
      const mark = marks.store.get(name, SYSTEM_NAMESPACE)?.object;
      if (!mark) {
        return undefined;
      }

      const left = retiredUntil(mark) - Date.now();
      if (left > 0) {
        return Math.min(left, LOOK_AGAIN_MS);
      }

      await ensureDeleted(client, { resource: CONFIG_MAPS, namespace: SYSTEM_NAMESPACE, name });

      return undefined;
    },
  };
}
