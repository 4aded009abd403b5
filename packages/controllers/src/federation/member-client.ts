import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeClient } from '@ks-apiserver/client/kube/client';

/**
 * Returns the Kubernetes API of a member by the name of its Cluster; undefined while it cannot be
 * called.
 */
export type MemberTransport = (cluster: string) => Promise<KubeTransport | undefined>;

/**
 * Returns a client of a member's Kubernetes API that stays of use when the connection to the member
 * is replaced. Its calls throw ServiceUnavailable while there is none.
 */
export function memberClient(cluster: string, transportOf: MemberTransport): KubeClient {
  async function transport(): Promise<KubeTransport> {
    const found = await transportOf(cluster);
    if (!found) {
      throw serviceUnavailable(`cluster ${cluster} is not ready`);
    }

    return found;
  }

  return new KubeClient({
    request: async (request) => (await transport()).request(request),
    upgrade: async (request) => (await transport()).upgrade(request),
    webSocket: async (url, protocols, signal) =>
      (await transport()).webSocket(url, protocols, signal),
    // The connection belongs to whoever opened it.
    close: async () => {},
  });
}
