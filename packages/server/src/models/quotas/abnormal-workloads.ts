import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../resources/catalog/catalog.ts';
import { requireDefinition } from '../resources/catalog/require-definition.ts';

const ABNORMAL: Readonly<Record<string, (entry: Entry) => boolean>> = {
  deployments: ({ fields }) => fields.wantedStatus === 'updating',
  statefulsets: ({ fields }) => fields.status === 'updating',
  daemonsets: ({ fields }) => fields.status === 'updating',
  jobs: ({ fields }) => fields.countStatus === 'failed',
  persistentvolumeclaims: ({ fields }) => fields.phase === 'pending' || fields.phase === 'lost',
};

/** How many workloads of a namespace, or of all, are not as they should be, by resource. */
export async function abnormalWorkloads(
  catalog: Catalog,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const counts = await Promise.all(
    Object.entries(ABNORMAL).map(async ([resource, isAbnormal]) => {
      const store = await catalog.synced(requireDefinition(catalog, resource), signal);
      return [resource, store.list('name', namespace).filter(isAbnormal).length] as const;
    }),
  );

  return Object.fromEntries(counts);
}
