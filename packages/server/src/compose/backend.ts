import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import {
  inClusterConfig,
  KubeconfigError,
  loadKubeconfig,
} from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { ConfigError } from '../config/config.ts';
import type { Options } from '../config/options.ts';
import type { Kubernetes } from './kubernetes.ts';
import { ClusterSecrets } from './secrets.ts';

async function openRemote(options: Options): Promise<Kubernetes> {
  let transport: RemoteTransport;
  let endpoint: Kubernetes['endpoint'];

  try {
    const config = options.kubeconfig
      ? await loadKubeconfig(options.kubeconfig)
      : await inClusterConfig(options.serviceHost, options.servicePort);
    transport = new RemoteTransport(config);
    endpoint = { server: config.server, ...(config.ca !== undefined && { ca: config.ca }) };
  } catch (error) {
    if (error instanceof KubeconfigError) {
      throw new ConfigError(error.message);
    }

    throw new ConfigError(
      `the kubeconfig ${options.kubeconfig} cannot be used: ${messageOf(error)}`,
    );
  }

  const client = new KubeClient(transport);

  return {
    client,
    transport,
    secrets: new ClusterSecrets(client),
    endpoint,
    close: () => transport.close(),
  };
}

/**
 * Opens the Kubernetes API that the options name. Throws ConfigError for what the operator can
 * correct.
 */
export async function openKubernetes(options: Options): Promise<Kubernetes> {
  if (options.kubeconfig || options.inCluster) {
    return openRemote(options);
  }

  // A server in front of a cluster loads none of the embedded API's code.
  const { openEmbedded } = await import('../embedded/embedded.ts');

  return openEmbedded(options);
}
