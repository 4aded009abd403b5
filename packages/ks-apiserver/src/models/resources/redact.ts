import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** A User without its password hash, nor traces of it in annotations: 3.0 leaks it here. */
export function withoutPassword(user: KubeObject): KubeObject {
  const { password: _password, ...spec } = (user.spec ?? {}) as Record<string, unknown>;
  const annotations = { ...user.metadata.annotations };
  delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
  return { ...user, metadata: { ...user.metadata, ...(user.metadata.annotations && { annotations }) }, spec };
}

/** A Cluster without the credentials by which this server reaches it. */
export function withoutConnectionSecrets(cluster: KubeObject): KubeObject {
  const {
    kubeconfig: _kubeconfig,
    token: _token,
    ...connection
  } = (cluster.spec?.connection ?? {}) as Record<string, unknown>;
  const annotations = { ...cluster.metadata.annotations };
  delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
  const metadata = { ...cluster.metadata, ...(cluster.metadata.annotations && { annotations }) };
  return { ...cluster, metadata, spec: { ...cluster.spec, ...(cluster.spec?.connection && { connection }) } };
}
