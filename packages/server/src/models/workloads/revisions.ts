import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';

const APPS = { group: 'apps', version: 'v1' } as const;
const REVISION = 'deployment.kubernetes.io/revision';

/** Workloads whose earlier templates Kubernetes keeps. */
export type Workload = 'deployments' | 'statefulsets' | 'daemonsets';

/**
 * Finds a revision of a workload by its number; undefined for none. Throws NotFound without the
 * workload.
 */
export async function findRevision(
  client: KubeReader,
  { resource, namespace, name }: { resource: Workload; namespace: string; name: string },
  revision: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const workload = await client.get<KubeObject>(
    { resource: { ...APPS, resource }, namespace, name },
    signal,
  );

  const template = workload.spec?.template as
    | { metadata?: { labels?: Record<string, string> } }
    | undefined;
  const labelSelector = Object.entries(template?.metadata?.labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const kept = resource === 'deployments' ? 'replicasets' : 'controllerrevisions';

  const { items } = await client.list<KubeObject>(
    { ...APPS, resource: kept },
    { namespace, labelSelector, signal },
  );

  return items.find((item) => {
    const owners = item.metadata.ownerReferences ?? [];

    // Two workloads may have the same labels.
    if (owners.some(({ controller, uid }) => controller && uid !== workload.metadata.uid)) {
      return false;
    }

    return resource === 'deployments'
      ? item.metadata.annotations?.[REVISION] === revision
      : String((item as { revision?: unknown }).revision) === revision;
  });
}
