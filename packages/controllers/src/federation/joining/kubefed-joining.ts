import { KUBEFED_CLUSTERS, KUBEFED_NAMESPACE } from '@ks-apiserver/api/federation/kinds';
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  NAMESPACES,
  SECRETS,
} from '@ks-apiserver/api/resources';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import { parseKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import type { ClusterObject } from '../../cluster/cluster-object.ts';
import type { Federation } from '../../cluster/federation.ts';
import { ensureDeleted, ensureEqual } from '../../runtime/ensure.ts';
import { accountToken, renewalOf, type ServiceAccount } from './account-token.ts';

const SERVICE_ACCOUNTS = { group: '', version: 'v1', resource: 'serviceaccounts' };
const RBAC = 'rbac.authorization.k8s.io';

/** How long all calls to a member may take, in milliseconds. */
const CALLS_MS = 30_000;

/** How often a member is tried that is to be left, before only the host forgets it. */
const LEAVE_ATTEMPTS = 5;

/** KubeFed must reach the host itself, too, of which there need not be a kubeconfig. */
export interface HostEndpoint {
  server: string;
  ca?: string;
}

/** Dependencies of joining members to a KubeFed that runs beside this server. */
export interface JoiningDependencies {
  /** The host's Kubernetes API, where KubeFed runs. */
  client: KubeClient;
  /** Returns a client of a cluster's Kubernetes API. */
  clientOf: (cluster: string) => KubeClient;
  hostEndpoint: HostEndpoint;
}

const accountName = (cluster: string) => `${cluster}-kubesphere`;

/** Returns the names of the role of KubeFed's account in a member, the present one first. */
function roleNames(cluster: string): string[] {
  const account = accountName(cluster);
  return [
    `kubefed-controller-manager:${account}`,
    `kubefed-controller-manager:${KUBEFED_NAMESPACE}:healthcheck-${account}`,
  ];
}

function rolesOf(cluster: string): { role: KubeObject; binding: KubeObject } {
  const [name = ''] = roleNames(cluster);

  return {
    role: {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        { nonResourceURLs: ['*'], verbs: ['get'] },
      ],
    },
    binding: {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      subjects: [
        { kind: 'ServiceAccount', name: accountName(cluster), namespace: KUBEFED_NAMESPACE },
      ],
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    },
  };
}

/** Joins clusters to a KubeFed as KubeSphere 3.0 does: it gets an account in each of them. */
export class KubeFedJoining implements Federation {
  readonly #dependencies: JoiningDependencies;
  /** How often the members that are to be left could not be called, by their names. */
  readonly #failures = new Map<string, number>();

  constructor(dependencies: JoiningDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Makes KubeFed's account in a cluster, and the objects by which KubeFed finds it. Returns after
   * how many milliseconds its token is to be replaced, if it expires. Rejects if the cluster cannot
   * be called, or has no token yet.
   */
  async join(cluster: ClusterObject): Promise<number | undefined> {
    const { client, clientOf } = this.#dependencies;
    const { name } = cluster.metadata;
    const member = clientOf(name);
    const deadline = new Deadline(CALLS_MS);

    try {
      const { signal } = deadline;
      const account = await this.#ensureAccount(member, name);
      const key = { resource: SECRETS, namespace: KUBEFED_NAMESPACE, name: `${name}-secret` };
      const stored = await client.find(key, signal);
      const known = Buffer.from(String(stored?.data?.token ?? ''), 'base64').toString();

      let token: string | undefined = known;
      let renewal = renewalOf(known, account, Date.now());

      if (renewal !== undefined && renewal <= 0) {
        token = await accountToken(member, account, signal);
        renewal = token === undefined ? undefined : renewalOf(token, account, Date.now());
      }
      if (token === undefined) {
        throw serviceUnavailable(`the account of KubeFed in cluster ${name} has no token yet`);
      }

      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'Opaque',
        metadata: { name: key.name, namespace: KUBEFED_NAMESPACE },
        data: { token: Buffer.from(token).toString('base64') },
      };

      await ensureEqual(client, SECRETS, secret, ['data'], stored);
      await this.#ensureKubeFedCluster(cluster, key.name);
      this.#failures.delete(name);

      return renewal;
    } finally {
      deadline.end();
    }
  }

  /**
   * Removes KubeFed's account from a cluster and the cluster from KubeFed. Rejects while a member
   * cannot be called; after some attempts only the host forgets it.
   */
  async leave({ metadata }: ClusterObject): Promise<void> {
    const { client } = this.#dependencies;
    const { name } = metadata;

    try {
      await this.#leaveMember(name);
    } catch (error) {
      const failures = (this.#failures.get(name) ?? 0) + 1;
      this.#failures.set(name, failures);

      if (failures < LEAVE_ATTEMPTS) {
        throw error;
      }
    }

    this.#failures.delete(name);

    const namespace = KUBEFED_NAMESPACE;
    await ensureDeleted(client, { resource: KUBEFED_CLUSTERS, namespace, name });
    await ensureDeleted(client, { resource: SECRETS, namespace, name: `${name}-secret` });
  }

  async #ensureAccount(member: KubeClient, cluster: string): Promise<ServiceAccount> {
    const { client } = this.#dependencies;
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: KUBEFED_NAMESPACE },
    };
    const { role, binding } = rolesOf(cluster);
    const key = {
      resource: SERVICE_ACCOUNTS,
      namespace: KUBEFED_NAMESPACE,
      name: accountName(cluster),
    };

    await ensureCreated(client, NAMESPACES, namespace);
    await ensureCreated(member, NAMESPACES, namespace);
    await ensureCreated(member, SERVICE_ACCOUNTS, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: key.name, namespace: KUBEFED_NAMESPACE },
    });

    const { name = '' } = role.metadata;
    const existing = await member.find({ resource: CLUSTER_ROLES, name });

    await ensureEqual(member, CLUSTER_ROLES, role, ['rules'], existing);
    await ensureCreated(member, CLUSTER_ROLE_BINDINGS, binding);

    return member.get<ServiceAccount>(key);
  }

  async #ensureKubeFedCluster(cluster: ClusterObject, secret: string): Promise<void> {
    const { client, hostEndpoint } = this.#dependencies;
    const { name, labels } = cluster.metadata;
    const { kubeconfig = '', kubernetesAPIEndpoint = '' } = cluster.spec?.connection ?? {};
    const text = Buffer.from(kubeconfig, 'base64').toString();
    const config = kubeconfig === '' ? hostEndpoint : await parseKubeconfig(text, undefined);
    const isInsecure = 'insecureSkipTlsVerify' in config && config.insecureSkipTlsVerify === true;

    const wanted = {
      apiVersion: 'core.kubefed.io/v1beta1',
      kind: 'KubeFedCluster',
      metadata: { name, namespace: KUBEFED_NAMESPACE, ...(labels && { labels }) },
      spec: {
        apiEndpoint: kubernetesAPIEndpoint || config.server,
        ...(config.ca && { caBundle: Buffer.from(config.ca).toString('base64') }),
        secretRef: { name: secret },
        ...(isInsecure && { disabledTLSValidations: ['*'] }),
      },
    };

    const key = { resource: KUBEFED_CLUSTERS, namespace: KUBEFED_NAMESPACE, name };
    await ensureEqual(client, KUBEFED_CLUSTERS, wanted, ['spec'], await client.find(key));
  }

  async #leaveMember(cluster: string): Promise<void> {
    const { client, clientOf } = this.#dependencies;
    const member = clientOf(cluster);
    const namespace = KUBEFED_NAMESPACE;

    for (const name of roleNames(cluster)) {
      await ensureDeleted(member, { resource: CLUSTER_ROLE_BINDINGS, name });
      await ensureDeleted(member, { resource: CLUSTER_ROLES, name });
    }

    const name = accountName(cluster);
    await ensureDeleted(member, { resource: SERVICE_ACCOUNTS, namespace, name });

    const key = { resource: NAMESPACES, name: namespace };
    const [own, theirs] = [await client.find(key), await member.find(key)];
    if (theirs && theirs.metadata.uid !== own?.metadata.uid) {
      await ensureDeleted(member, key);
    }
  }
}
