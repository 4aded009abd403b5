import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { LOGIN_RECORDS } from '@ks-apiserver/api/resources';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureDeleted } from '../runtime/ensure.ts';

/** How long log-ins are kept (milliseconds), and how many of each user. */
export interface LoginHistory {
  retentionMs: number;
  maximumEntries: number;
}

/**
 * Deletes login records that are older than the retention, and the oldest of a user who has too
 * many.
 */
export function loginRecordReconciler(
  client: KubeClient,
  records: Informer,
  { retentionMs, maximumEntries }: LoginHistory,
): Reconciler {
  /** Names of records by user, so that a reconciliation reads only the records of its user. */
  const byUser = new Map<string, Set<string>>();

  function oldestOf(user: string): string[] {
    const own = [...(byUser.get(user) ?? [])].flatMap((name) => records.store.get(name) ?? []);
    const newestFirst = own.sort((a, b) => b.created - a.created || (a.name < b.name ? 1 : -1));
    return newestFirst.slice(maximumEntries).map(({ name }) => name);
  }

  return {
    name: 'login-record',
    sources: [
      {
        informer: records,
        keys: ({ type, entry }) => {
          const user = entry.labels[USER_REF_LABEL] ?? '';
          const names = byUser.get(user) ?? new Set();

          if (type === 'DELETED') {
            names.delete(entry.name);
          } else {
            names.add(entry.name);
          }

          if (names.size > 0) {
            byUser.set(user, names);
          } else {
            byUser.delete(user);
          }

          return type === 'DELETED' ? [] : [entry.name];
        },
      },
    ],
    async reconcile(name) {
      const record = records.store.get(name);
      if (!record) {
        return undefined;
      }

      const user = record.labels[USER_REF_LABEL];
      if (user !== undefined && (byUser.get(user)?.size ?? 0) > maximumEntries) {
        for (const oldest of oldestOf(user)) {
          await ensureDeleted(client, { resource: LOGIN_RECORDS, name: oldest });
        }
      }

      const left = record.created + retentionMs - Date.now();

      // Longer timers than a day are not needed: the resync reconciles again.
      if (left > 0) {
        return left < 86_400_000 ? left : undefined;
      }

      await ensureDeleted(client, { resource: LOGIN_RECORDS, name });

      return undefined;
    },
  };
}
