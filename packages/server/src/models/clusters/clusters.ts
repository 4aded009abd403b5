import { CLUSTERS } from '@ks-apiserver/api/resources';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import {
  type ClusterConfig,
  KubeconfigError,
  parseKubeconfig,
} from '@ks-apiserver/client/kube/kubeconfig';
import type { CallerWriter } from '../authorization/caller-writer.ts';
import { missing } from '../iam/errors.ts';
import { clusterUid, ProbeError, probeKubernetes, probeKubeSphere } from './probe.ts';

/** Longest kubeconfig that is read, in bytes. */
const KUBECONFIG_LIMIT = 256 * 1024;

/** How a Cluster object says that its cluster is reached. */
interface Connection {
  type?: string;
  kubeconfig?: string;
  kubernetesAPIEndpoint?: string;
  kubesphereAPIEndpoint?: string;
  token?: string;
}

function connectionOf(cluster: KubeObject): Connection {
  return (cluster.spec?.connection ?? {}) as Connection;
}

/** Reads a kubeconfig in base64 that names neither files nor commands. Throws BadRequest. */
async function configOf(kubeconfig: string): Promise<ClusterConfig> {
  if (kubeconfig.length > KUBECONFIG_LIMIT) {
    throw badRequest('the kubeconfig is too long');
  }

  try {
    return await parseKubeconfig(Buffer.from(kubeconfig, 'base64').toString(), undefined);
  } catch (error) {
    if (error instanceof KubeconfigError) {
      throw badRequest(`the kubeconfig cannot be used: ${error.message}`);
    }
    throw error;
  }
}

/** Clusters that are, or are to be, managed from here. */
export class Clusters {
  readonly #client: KubeReader;

  constructor(client: KubeReader) {
    this.#client = client;
  }

  /** A Cluster with its credentials, which never leave the server. Throws NotFound. */
  async get(name: string): Promise<KubeObject> {
    const found = await this.#client.find({ resource: CLUSTERS, name });
    if (!found) {
      throw missing('cluster', 'cluster.kubesphere.io', name);
    }

    return found;
  }

  /** Throws BadRequest where another cluster has the server's address already. */
  async #checkAddress(server: string, except?: string): Promise<void> {
    const { items } = await this.#client.list(CLUSTERS);
    for (const cluster of items) {
      if (cluster.metadata.name === except) {
        continue;
      }

      const { kubernetesAPIEndpoint, kubeconfig } = connectionOf(cluster);
      const stored = kubeconfig ? await configOf(kubeconfig).catch(() => undefined) : undefined;
      if (kubernetesAPIEndpoint === server || stored?.server === server) {
        throw badRequest(
          // 3.0's very words, which its console shows.
          `existing cluster ${cluster.metadata.name} with the exacty same server address, MUST not import the same cluster twice`,
        );
      }
    }
  }

  /** Finds out whether a cluster can be imported. Throws BadRequest that says why not. */
  async validate(cluster: KubeObject): Promise<void> {
    const { type, kubeconfig, kubesphereAPIEndpoint } = connectionOf(cluster);
    if (type !== 'direct') {
      throw badRequest('cluster connection type MUST be direct');
    }
    if (!kubeconfig) {
      throw badRequest('cluster kubeconfig MUST NOT be empty');
    }

    const config = await configOf(kubeconfig);
    await this.#checkAddress(config.server);

    try {
      await probeKubernetes(config);
    } catch (error) {
      throw refused('unable to reach the Kubernetes API', error);
    }

    try {
      await probeKubeSphere(config, kubesphereAPIEndpoint);
    } catch (error) {
      throw refused('unable validate kubesphere endpoint', error);
    }
  }

  /**
   * Gives a direct cluster another kubeconfig, which must be of the same cluster and work. Throws
   * NotFound, BadRequest.
   */
  async updateKubeconfig(
    name: string,
    kubeconfig: string,
    caller: CallerWriter,
    dryRun: boolean,
  ): Promise<void> {
    if (kubeconfig === '') {
      throw badRequest('cluster kubeconfig MUST NOT be empty');
    }

    const cluster = await this.get(name);
    if (connectionOf(cluster).type === 'proxy') {
      throw badRequest(`cluster ${name} is using proxy connection: its agent keeps its kubeconfig`);
    }

    const config = await configOf(kubeconfig);
    await this.#checkAddress(config.server, name);

    try {
      await probeKubernetes(config);

      const known = cluster.status?.uid as string | undefined;
      if (known && (await clusterUid(config)) !== known) {
        throw new ProbeError('the kubeconfig is of another cluster');
      }
    } catch (error) {
      throw refused('unable to reach the Kubernetes API', error);
    }

    const connection = { kubeconfig, kubernetesAPIEndpoint: config.server };
    const { resourceVersion } = cluster.metadata;
    const patch = { metadata: { resourceVersion }, spec: { connection } };

    await caller.patch({ resource: CLUSTERS, name }, patch, { dryRun });
  }
}

function refused(what: string, error: unknown): unknown {
  return error instanceof ProbeError
    ? new StatusError(400, 'BadRequest', `${what}, ${error.message}`)
    : error;
}
