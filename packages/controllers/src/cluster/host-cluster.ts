import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CLUSTERS } from '@ks-apiserver/api/resources';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { Reconciler } from '../runtime/controller.ts';

const NAME = 'host';

const HOST = {
  apiVersion: 'cluster.kubesphere.io/v1alpha1',
  kind: 'Cluster',
  metadata: {
    name: NAME,
    labels: { [HOST_CLUSTER_LABEL]: '', 'kubesphere.io/managed': 'true' },
    annotations: {
      'kubesphere.io/description':
        'The cluster of this server: manage clusters here, and run workloads on members.',
    },
  },
  spec: {
    joinFederation: true,
    enable: true,
    provider: 'kubesphere',
    connection: { type: 'direct' },
  },
};

/** Makes the Cluster that stands for the own cluster, where there is none. */
export function hostClusterReconciler(
  client: KubeClient,
  clusters: Informer,
  namespaces: Informer,
): Reconciler {
  return {
    name: 'host-cluster',
    sources: [
      { informer: clusters, keys: () => [NAME] },
      // There is always this namespace, also while there are no clusters.
      {
        informer: namespaces,
        keys: ({ entry, type }) =>
          entry.name === SYSTEM_NAMESPACE && type !== 'DELETED' ? [NAME] : [],
      },
    ],
    async reconcile() {
      if (![...clusters.store.values()].some(({ labels }) => HOST_CLUSTER_LABEL in labels)) {
        await ensureCreated(client, CLUSTERS, HOST);
      }

      return undefined;
    },
  };
}
