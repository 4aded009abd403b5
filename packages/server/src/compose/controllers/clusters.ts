import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { NAMESPACES } from '@ks-apiserver/api/resources';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { clusterReconciler, type MemberAgents } from '@ks-apiserver/controllers/cluster/cluster';
import { type Federation, OWN_FEDERATION } from '@ks-apiserver/controllers/cluster/federation';
import { hostClusterReconciler } from '@ks-apiserver/controllers/cluster/host-cluster';
import {
  type MemberProjectsDependencies,
  memberProjectsReconciler,
} from '@ks-apiserver/controllers/cluster/member-projects';
import {
  type HostEndpoint,
  KubeFedJoining,
} from '@ks-apiserver/controllers/federation/joining/kubefed-joining';
import { memberClient } from '@ks-apiserver/controllers/federation/member-client';
import type { FederationOptions } from './federation.ts';
import type { OptionalControllers, OptionalDependencies } from './optional-controllers.ts';

/** Follows a member that has only Kubernetes. */
export type FollowMember = MemberProjectsDependencies['follow'];

/** What the controllers of clusters need besides. */
export interface ClusterOptions {
  followMember: FollowMember;
  /** Clusters with their credentials. */
  clusters: Informer;
  /** Returns the features of this server. */
  configz: () => Record<string, boolean>;
  /** Returns the features that this server offers for members without a KubeSphere. */
  featuresOfMembers: () => Record<string, boolean>;
  /** Agents that connect to this server; undefined where they connect to tower. */
  agents: MemberAgents | undefined;
  /** How objects are propagated to members. */
  federation: Pick<FederationOptions, 'mode' | 'transportOf'> & {
    /** Where KubeFed reaches the host itself. */
    hostEndpoint: HostEndpoint;
  };
}

/** What the projects of members are made with. */
export type ProjectDependencies = Pick<
  MemberProjectsDependencies,
  'roleBases' | 'users' | 'onFailure'
>;

/** Returns what clusters join; undefined if nothing is propagated. */
function openFederation(
  client: KubeClient,
  clusters: Informer,
  { mode, transportOf, hostEndpoint }: ClusterOptions['federation'],
): Federation | undefined {
  if (mode !== 'kubefed') {
    return mode === 'own' ? OWN_FEDERATION : undefined;
  }

  const isHost = (cluster: string) =>
    HOST_CLUSTER_LABEL in (clusters.store.get(cluster)?.labels ?? {});

  const clientOf = (cluster: string) =>
    isHost(cluster) ? client : memberClient(cluster, transportOf);

  return new KubeFedJoining({ client, clientOf, hostEndpoint });
}

/** Returns the controllers that look after the own cluster's object and after members. */
export function clusterControllers(
  { client, catalog, events }: OptionalDependencies,
  { clusters, configz, featuresOfMembers, followMember, federation, agents }: ClusterOptions,
  { roleBases, users, onFailure }: ProjectDependencies,
): OptionalControllers {
  const nodes = catalog.informerOf('nodes');

  const ownState = async () => {
    const version = JSON.parse((await client.raw('GET', '/version')).toString()) as {
      gitVersion?: string;
    };

    const system = await client.find({ resource: NAMESPACES, name: 'kube-system' });

    return {
      kubernetesVersion: version.gitVersion ?? '',
      nodeCount: nodes.store.size,
      configz: configz(),
      hasKubeSphere: true,
      uid: system?.metadata.uid,
    };
  };

  return {
    informers: [],
    needs: [nodes],
    reconcilers: [
      clusterReconciler({
        client,
        clusters,
        events,
        ownState,
        featuresOfMembers,
        agents,
        federation: openFederation(client, clusters, federation),
      }),
      hostClusterReconciler(client, clusters, catalog.informerOf('namespaces')),
      memberProjectsReconciler({ clusters, roleBases, users, follow: followMember, onFailure }),
    ],
  };
}
