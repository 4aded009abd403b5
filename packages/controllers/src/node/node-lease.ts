import { LEASES } from '@ks-apiserver/api/resources';
import { microTimestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;

/** How often a node's lease is renewed, in milliseconds, as by a kubelet (Kubernetes "Leases"). */
export const RENEW_MS = 10_000;

/**
 * Renews the lease that shows that a node is alive, and creates it where there is none. Rejects
 * with the API's error.
 */
export async function renewNodeLease(client: KubeClient, node: string): Promise<void> {
  const key = { resource: LEASES, name: node, namespace: LEASE_NAMESPACE };

  const spec = {
    holderIdentity: node,
    leaseDurationSeconds: LEASE_SECONDS,
    renewTime: microTimestamp(),
  };

  if (await client.find(key)) {
    await client.patch(key, 'merge', { spec });
    return;
  }

  await ensureCreated(client, LEASES, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: node, namespace: LEASE_NAMESPACE },
    spec,
  });
}
