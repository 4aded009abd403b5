import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS, DEPLOYMENTS, PODS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { parseDocument } from 'yaml';
import { isReadyPod } from '../resources/computed/fields.ts';

/**
 * Sets another server in the cluster `local` of a kubeconfig. Throws 500 if the text is no
 * kubeconfig.
 */
function withServer(text: string, server: string): string {
  const document = parseDocument(text, { schema: 'core', merge: false });
  const content: { clusters?: unknown } | null =
    document.errors.length === 0 ? document.toJS({ maxAliasCount: 0 }) : null;
  const clusters = content?.clusters;

  if (!Array.isArray(clusters)) {
    throw new StatusError(500, 'InternalError', 'the stored kubeconfig cannot be read');
  }

  const at = clusters.findIndex((entry) => entry?.name === 'local');
  if (at >= 0) {
    document.setIn(['clusters', at, 'cluster', 'server'], server);
  }

  return document.toString();
}

/**
 * Returns a user's kubeconfig from its ConfigMap; `master`, if set, is the server of its cluster
 * `local`. Throws NotFound.
 */
export async function readKubeconfig(
  client: KubeReader,
  user: string,
  master: string,
  signal: AbortSignal,
): Promise<string> {
  const name = `kubeconfig-${user}`;

  const map = await client
    .get<KubeObject>({ resource: CONFIG_MAPS, namespace: CONTROLS_NAMESPACE, name }, signal)
    .catch((error) => {
      // Kubernetes' message names the resource, 3.0's the kind.
      if (error instanceof StatusError && error.code === 404) {
        throw new StatusError(404, 'NotFound', `configmap "${name}" not found`);
      }

      throw error;
    });

  const text = String(map.data?.config ?? '');

  return master === '' ? text : withServer(text, master);
}

/** Where a user's kubectl runs. */
export interface PodInfo {
  namespace: string;
  pod: string;
  container: string;
}

const NO_CONTAINERS =
  ': the embedded Kubernetes API runs no containers and therefore no kubectl; use your own with the kubeconfig that you can download';

/**
 * Returns a ready pod of the Deployment `kubectl-<user>`. Throws NotFound without the Deployment,
 * with the reason if nothing runs containers; 500 without a ready pod.
 */
export async function findKubectlPod(
  client: KubeReader,
  user: string,
  { lacksContainers }: { lacksContainers: boolean },
  signal: AbortSignal,
): Promise<PodInfo> {
  const name = `kubectl-${user}`;

  const deployment = await client
    .get<KubeObject>({ resource: DEPLOYMENTS, namespace: CONTROLS_NAMESPACE, name }, signal)
    .catch((error) => {
      if (error instanceof StatusError && error.code === 404) {
        throw new StatusError(
          404,
          'NotFound',
          `deployment.apps "${name}" not found${lacksContainers ? NO_CONTAINERS : ''}`,
        );
      }

      throw error;
    });

  const labels: Record<string, string> = deployment.spec?.selector?.matchLabels ?? {};
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

  // An empty selector would take any pod of the namespace.
  if (labelSelector === '') {
    throw new StatusError(500, 'InternalError', `no pod of deployment ${name} is ready`);
  }

  const { items } = await client.list<KubeObject>(PODS, {
    namespace: CONTROLS_NAMESPACE,
    labelSelector,
    signal,
  });

  const pod = items.find(
    (item) => isReadyPod(item) && Array.isArray(item.status?.containerStatuses),
  );
  const container: { name: string } | undefined = pod?.spec?.containers?.[0];
  if (!pod || !container) {
    throw new StatusError(500, 'InternalError', `no pod of deployment ${name} is ready`);
  }

  return { namespace: CONTROLS_NAMESPACE, pod: pod.metadata.name ?? '', container: container.name };
}
