import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../resources/catalog/catalog.ts';

const ABNORMAL: Readonly<Record<string, (entry: Entry) => boolean>> = {
  deployments: ({ fields }) => fields.wantedStatus === 'updating',
  statefulsets: ({ fields }) => fields.status === 'updating',
  daemonsets: ({ fields }) => fields.status === 'updating',
  jobs: ({ fields }) => fields.countStatus === 'failed',
  persistentvolumeclaims: ({ fields }) => fields.phase === 'pending' || fields.phase === 'lost',
};

/**
 * Counts the workloads of a namespace, or of all, that are not in their desired state, by resource.
 */
export async function countAbnormalWorkloads(
  catalog: Catalog,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const counts = await Promise.all(
    Object.entries(ABNORMAL).map(async ([resource, isAbnormal]) => {
      const store = await catalog.synced(catalog.definition(resource), { signal });
      return [resource, store.list('name', namespace).filter(isAbnormal).length] as const;
    }),
  );

  return Object.fromEntries(counts);
}
