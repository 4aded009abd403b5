import type { Handler } from '@ks-apiserver/http/routes/route';
import { countAbnormalWorkloads } from '../../models/quotas/abnormal-workloads.ts';
import type { Quotas } from '../../models/quotas/quotas.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';

/** 3.0 writes two quote characters for the namespace of the whole cluster. */
const CLUSTER = '""';

/** Returns the usage of a namespace's quotas, or of the whole cluster. */
export function getQuotas(quotas: Quotas): Handler {
  return async (request) => {
    const { namespace } = request.params;
    return namespace === undefined
      ? { namespace: CLUSTER, data: await quotas.cluster(request) }
      : { namespace, data: await quotas.namespace(namespace, request) };
  };
}

/** Returns how many workloads of a namespace, or of all, are not ready. */
export function getAbnormalWorkloads(catalog: Catalog): Handler {
  return async ({ params: { namespace }, signal }) => ({
    namespace: namespace ?? '',
    data: await countAbnormalWorkloads(catalog, namespace, signal),
  });
}
