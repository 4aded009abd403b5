import type { Duplex } from 'node:stream';
import type { KubeTransport, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import {
  inClusterConfig,
  KubeconfigError,
  loadKubeconfig,
} from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { ConfigError } from '../config/config.ts';
import type { Options } from '../config/options.ts';
import type { Gate } from '../models/gate/gate.ts';
import { ClusterSecrets, type SecretStore } from './secrets.ts';

/** The Kubernetes API that the server stands on, embedded or remote. */
export interface Kubernetes {
  client: KubeClient;
  transport: KubeTransport;
  secrets: SecretStore;
  /** Where clients reach the API, and the CA (PEM) of its certificate. */
  endpoint: { server: string; ca?: string };
  /** Set for the embedded API. */
  embedded?: {
    /** Where kubectl reaches it. */
    kubeconfig: string;
    url: string;
    /**
     * Says who decides about users of client certificates; until then they are told to come again.
     */
    admitUsers(admit: (user: UserInfo, connection: Duplex) => void): void;
    /** Puts its secure port behind the gate. */
    useGate(gate: Gate): void;
  };
  close(): Promise<void>;
}

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
      `the kubeconfig ${options.kubeconfig} cannot be used: ${(error as Error).message}`,
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
 * mend.
 */
export async function openKubernetes(options: Options): Promise<Kubernetes> {
  if (options.kubeconfig || options.inCluster) {
    return openRemote(options);
  }

  // Who serves a cluster needs none of the embedded API's code in memory.
  const { openEmbedded } = await import('../embedded/embedded.ts');

  return openEmbedded(options);
}
