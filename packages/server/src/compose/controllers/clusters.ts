import type { Informer } from '@ks-apiserver/client/informer/informer';
import { clusterReconciler } from '@ks-apiserver/controllers/cluster/cluster';
import { hostClusterReconciler } from '@ks-apiserver/controllers/cluster/host-cluster';
import {
  type MemberProjectsDependencies,
  memberProjectsReconciler,
} from '@ks-apiserver/controllers/cluster/member-projects';
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
  /** How objects are propagated to members. */
  federation: Pick<FederationOptions, 'mode' | 'transportOf'>;
}

/** What the projects of members are made with. */
export type ProjectDependencies = Pick<
  MemberProjectsDependencies,
  'roleBases' | 'users' | 'onFailure'
>;

/** Returns the controllers that look after the own cluster's object and after members. */
export function clusterControllers(
  { client, catalog, events }: OptionalDependencies,
  { clusters, configz, featuresOfMembers, followMember }: Omit<ClusterOptions, 'federation'>,
  { roleBases, users, onFailure }: ProjectDependencies,
): OptionalControllers {
  const nodes = catalog.informerOf('nodes');

  const ownState = async () => {
    const version = JSON.parse((await client.raw('GET', '/version')).toString()) as {
      gitVersion?: string;
    };

    return {
      kubernetesVersion: version.gitVersion ?? '',
      nodeCount: nodes.store.size,
      configz: configz(),
      hasKubeSphere: true,
    };
  };

  return {
    informers: [],
    needs: [nodes],
    reconcilers: [
      clusterReconciler({ client, clusters, events, ownState, featuresOfMembers }),
      hostClusterReconciler(client, clusters, catalog.informerOf('namespaces')),
      memberProjectsReconciler({ clusters, roleBases, users, follow: followMember, onFailure }),
    ],
  };
}
