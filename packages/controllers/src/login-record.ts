import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from './controller.ts';
import { ensureDeleted } from './ensure.ts';
import { LOGIN_RECORDS } from './names.ts';

/** Login records: each goes when it is older than the retention, in milliseconds. */
export function loginRecordReconciler(client: KubeClient, records: Informer, retentionMs: number): Reconciler {
  return {
    name: 'login-record',
    sources: [{ informer: records, keys: ({ type, entry }) => (type === 'DELETED' ? [] : [entry.name]) }],
    async reconcile(name) {
      const record = records.store.get(name);
      if (!record) return undefined;
      const left = record.created + retentionMs - Date.now();
      // Longer timers than a day are not worth keeping: the resync looks again.
      if (left > 0) return left < 86_400_000 ? left : undefined;
      await ensureDeleted(client, { resource: LOGIN_RECORDS, name });
      return undefined;
    },
  };
}
