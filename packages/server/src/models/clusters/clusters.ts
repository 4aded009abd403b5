import { CLUSTERS } from '@ks-apiserver/api/resources';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeReader, WriteOptions } from '@ks-apiserver/client/kube/client';
import {
  type ClusterConfig,
  KubeconfigError,
  parseKubeconfig,
} from '@ks-apiserver/client/kube/kubeconfig';
import { findKubeSphere, ProbeError } from '@ks-apiserver/client/kube/probe';
import type { CallerWriter } from '../authorization/caller-writer.ts';
import { missing } from '../iam/errors.ts';
import { clusterUid, probeKubernetes, probeKubeSphere } from './probe.ts';

/** Longest kubeconfig, in bytes. */
const KUBECONFIG_LIMIT = 256 * 1024;

/** The connection in the spec of a Cluster. */
interface Connection {
  type?: string;
  kubeconfig?: string;
  kubernetesAPIEndpoint?: string;
  kubesphereAPIEndpoint?: string;
  token?: string;
}

function connectionOf(cluster: KubeObject): Connection {
  return cluster.spec?.connection ?? {};
}

/** Parses a kubeconfig in base64 that names neither files nor commands. Throws BadRequest. */
async function parseConfig(kubeconfig: string): Promise<ClusterConfig> {
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

/** Clusters that are managed by this server, or will be. */
export class Clusters {
  readonly #client: KubeReader;

  constructor(client: KubeReader) {
    this.#client = client;
  }

  /** Returns a Cluster with its credentials, which must not leave the server. Throws NotFound. */
  async get(name: string): Promise<KubeObject> {
    const found = await this.#client.find({ resource: CLUSTERS, name });
    if (!found) {
      throw missing('cluster', 'cluster.kubesphere.io', name);
    }

    return found;
  }

  /** Throws BadRequest if another cluster has the server's address already. */
  async #checkAddress(server: string, except?: string): Promise<void> {
    const { items } = await this.#client.list(CLUSTERS);
    for (const cluster of items) {
      if (cluster.metadata.name === except) {
        continue;
      }

      const { kubernetesAPIEndpoint, kubeconfig } = connectionOf(cluster);
      const stored = kubeconfig ? await parseConfig(kubeconfig).catch(() => undefined) : undefined;
      if (kubernetesAPIEndpoint === server || stored?.server === server) {
        throw badRequest(
          // 3.0's own words, which its console shows.
          `existing cluster ${cluster.metadata.name} with the exacty same server address, MUST not import the same cluster twice`,
        );
      }
    }
  }

  /** Checks whether a cluster can be imported. Throws BadRequest with the reason. */
  async validate(cluster: KubeObject): Promise<void> {
    const { type, kubeconfig, kubesphereAPIEndpoint } = connectionOf(cluster);
    if (type !== 'direct') {
      throw badRequest('cluster connection type MUST be direct');
    }
    if (!kubeconfig) {
      throw badRequest('cluster kubeconfig MUST NOT be empty');
    }

    const config = await parseConfig(kubeconfig);
    await this.#checkAddress(config.server);

    try {
      await probeKubernetes(config);
    } catch (error) {
      throw toRefusal('unable to reach the Kubernetes API', error);
    }

    try {
      await probeKubeSphere(config, kubesphereAPIEndpoint);
    } catch (error) {
      // This server answers for a cluster that has only Kubernetes.
      const isPlain = !kubesphereAPIEndpoint && (await findKubeSphere(config)) === false;
      if (!isPlain) {
        throw toRefusal('unable validate kubesphere endpoint', error);
      }
    }
  }

  /**
   * Replaces the kubeconfig of a direct cluster by one that works and is of the same cluster.
   * Throws NotFound, BadRequest.
   */
  async updateKubeconfig(
    name: string,
    kubeconfig: string,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<void> {
    if (kubeconfig === '') {
      throw badRequest('cluster kubeconfig MUST NOT be empty');
    }

    const cluster = await this.get(name);
    if (connectionOf(cluster).type === 'proxy') {
      throw badRequest(`cluster ${name} is using proxy connection: its agent keeps its kubeconfig`);
    }

    const config = await parseConfig(kubeconfig);
    await this.#checkAddress(config.server, name);

    try {
      await probeKubernetes(config);

      const known: string | undefined = cluster.status?.uid;
      if (known && (await clusterUid(config)) !== known) {
        throw new ProbeError('the kubeconfig is of another cluster');
      }
    } catch (error) {
      throw toRefusal('unable to reach the Kubernetes API', error);
    }

    const connection = { kubeconfig, kubernetesAPIEndpoint: config.server };
    const { resourceVersion } = cluster.metadata;
    const patch = { metadata: { resourceVersion }, spec: { connection } };

    await caller.patch({ resource: CLUSTERS, name }, patch, options);
  }
}

function toRefusal(what: string, error: unknown): unknown {
  return error instanceof ProbeError
    ? new StatusError(400, 'BadRequest', `${what}, ${error.message}`)
    : error;
}
