import { setTimeout as sleep } from 'node:timers/promises';
import { kubeconfigIn, kubeconfigKey, makeKubeconfig } from '@ks-apiserver/api/kubeconfig';
import { CONTROLS_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { CONFIG_MAPS, DEPLOYMENTS, PODS, USERS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, KubeReader } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import { parseDocument } from 'yaml';
import { isReadyPod } from '../resources/computed/fields.ts';

/** How long a certificate may take to be signed, in milliseconds. */
const SIGNED_WITHIN_MS = 20_000;

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

/** Kubeconfigs of users, whose certificates are made when they are first asked for. */
export class Kubeconfigs {
  readonly #client: KubeClient;
  readonly #master: string;

  /** `master`, if not '', is the server that kubeconfigs name for their cluster `local`. */
  constructor(client: KubeClient, master: string) {
    this.#client = client;
    this.#master = master;
  }

  /**
   * Returns a user's kubeconfig. Throws NotFound for an unknown user, and 504 when no certificate is
   * signed in time.
   */
  async read(user: string, signal: AbortSignal): Promise<string> {
    const key = kubeconfigKey(user);
    let text = kubeconfigIn(await this.#client.find(key, signal));

    if (text === '') {
      await this.#askFor(user, signal);
    }

    const end = performance.now() + SIGNED_WITHIN_MS;

    for (let wait = 20; text === ''; wait = Math.min(wait * 1.5, 500)) {
      if (performance.now() > end) {
        throw new StatusError(
          504,
          'Timeout',
          `the certificate of user "${user}" was not signed yet: try again later`,
        );
      }

      await sleep(wait, undefined, { signal });
      text = kubeconfigIn(await this.#client.find(key, signal));
    }

    return this.#master === '' ? text : withServer(text, this.#master);
  }

  /** Asks the controller for the kubeconfig of a user, who must exist. Throws NotFound. */
  async #askFor(user: string, signal: AbortSignal): Promise<void> {
    const owner = await this.#client.find({ resource: USERS, name: user }, signal);

    if (!owner || isTerminating(owner)) {
      // Kubernetes' message names the resource, 3.0's the kind.
      const { name } = kubeconfigKey(user);
      throw new StatusError(404, 'NotFound', `configmap "${name}" not found`);
    }

    await ensureCreated(this.#client, CONFIG_MAPS, makeKubeconfig(owner));
  }
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
