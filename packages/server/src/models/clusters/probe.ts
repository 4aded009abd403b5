import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';
import { ProbeError, readKubeSphere, readObject } from '@ks-apiserver/client/kube/probe';

/** Checks whether a cluster's Kubernetes API answers. Throws a ProbeError. */
export async function probeKubernetes(config: ClusterConfig): Promise<void> {
  await readObject(config, '/version?timeout=10s');
}

/**
 * Checks whether a member's KubeSphere API answers, at its own endpoint or through its Kubernetes
 * API. Throws a ProbeError.
 */
export async function probeKubeSphere(
  config: ClusterConfig,
  endpoint: string | undefined,
): Promise<void> {
  await readKubeSphere(config, endpoint, '/kapis/version');
}

/**
 * Returns the uid of the namespace kube-system, which identifies a cluster. Throws a ProbeError.
 */
export async function clusterUid(config: ClusterConfig): Promise<string> {
  const { metadata } = await readObject(config, '/api/v1/namespaces/kube-system');
  const { uid }: { uid?: unknown } = Object(metadata);
  if (typeof uid !== 'string') {
    throw new ProbeError('its namespace kube-system has no uid');
  }

  return uid;
}
