import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';

const APPS = { group: 'apps', version: 'v1' } as const;
const REVISION = 'deployment.kubernetes.io/revision';

/** Workloads whose earlier pod templates Kubernetes keeps. */
export type Workload = 'deployments' | 'statefulsets' | 'daemonsets';

/**
 * Returns a revision of a workload by its number; undefined if there is none. Throws NotFound
 * without the workload.
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

  const labels: Record<string, string> = workload.spec?.template?.metadata?.labels ?? {};
  const labelSelector = Object.entries(labels)
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
      : String(item.revision) === revision;
  });
}
