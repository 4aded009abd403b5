import { FEDERATED_KINDS, KUBEFED_NAMESPACE } from '@ks-apiserver/api/federation/kinds';
import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { DEPLOYMENTS } from '@ks-apiserver/api/resources';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import {
  federatedInformers,
  federationReconcilers,
  kubeFedClusterInformer,
} from '@ks-apiserver/controllers/federation/federation';
import type { MemberTransport } from '@ks-apiserver/controllers/federation/member-client';
import { leavesOut } from '@ks-apiserver/controllers/federation/objects/placement';
import {
  hostSourceReconcilers,
  SOURCE_KINDS,
} from '@ks-apiserver/controllers/federation/sources/host-sources';
import type { WorkspacePlacement } from '@ks-apiserver/controllers/tenant/workspace-template';
import type { Config } from '../../config/config-schema.ts';
import type { OptionalControllers, OptionalDependencies } from './optional-controllers.ts';

/** Who propagates objects to members. */
export type FederationMode = 'own' | 'kubefed' | 'off';

/** What the propagation needs besides. */
export interface FederationOptions {
  mode: FederationMode;
  /** Clusters with their credentials. */
  clusters: Informer;
  /** Users with their passwords, which are not propagated. */
  users: Informer;
  transportOf: MemberTransport;
}

/** Returns who is to propagate objects: members get those of their host, and propagate none. */
export function configuredMode({
  enable,
  clusterRole,
  federation,
}: Config['multicluster']): FederationMode {
  return enable && clusterRole !== 'member' ? federation : 'off';
}

/** The controller of a KubeFed that runs in the host. */
const KUBEFED = { namespace: KUBEFED_NAMESPACE, name: 'kubefed-controller-manager' };

/**
 * Returns who propagates objects. Where a KubeFed runs, this server leaves that to it and calls
 * `warn`: two of them would undo each other's work.
 */
export async function federationMode(
  client: KubeReader,
  mode: FederationMode,
  warn: (message: string) => void,
): Promise<FederationMode> {
  const found =
    mode === 'own' ? await client.find({ resource: DEPLOYMENTS, ...KUBEFED }) : undefined;
  const { readyReplicas = 0 } = found?.status ?? {};

  if (readyReplicas === 0) {
    return mode;
  }

  warn(
    'KubeFed runs in this cluster and propagates objects: stop it and start this server again, or set multicluster.federation to kubefed',
  );

  return 'kubefed';
}

const NONE: OptionalControllers = { informers: [], needs: [], reconcilers: [] };

/**
 * Returns the controllers that propagate objects to members, and those that make federated objects
 * of users, roles and workspaces. A KubeFed beside this server needs the latter alone.
 */
export function federationControllers(
  { client, catalog, events }: OptionalDependencies,
  { mode, clusters, users, transportOf }: FederationOptions,
): OptionalControllers {
  if (mode === 'off') {
    return NONE;
  }

  const federated = federatedInformers(client, mode === 'own' ? FEDERATED_KINDS : SOURCE_KINDS);
  const objects = {
    users,
    globalRoles: catalog.informerOf('globalroles'),
    globalRoleBindings: catalog.informerOf('globalrolebindings'),
    workspaceRoles: catalog.informerOf('workspaceroles'),
    workspaceRoleBindings: catalog.informerOf('workspacerolebindings'),
    templates: catalog.informerOf('workspacetemplates'),
  };

  const needs = Object.values(objects);
  const sources = hostSourceReconcilers(client, objects, federated);

  if (mode === 'kubefed') {
    return { informers: [...federated.values()], needs, reconcilers: sources };
  }

  const kubeFedClusters = kubeFedClusterInformer(client);
  const namespaces = catalog.informerOf('namespaces');

  return {
    informers: [...federated.values(), kubeFedClusters],
    needs: [...needs, namespaces],
    reconcilers: [
      ...federationReconcilers(
        { client, clusters, federated, namespaces, transportOf, events },
        kubeFedClusters,
      ),
      ...sources,
    ],
  };
}

/** Returns whether the placement of a workspace leaves out the own cluster. */
export function hostPlacement(clusters: Informer): WorkspacePlacement {
  return {
    clusters,
    leavesOutHost: (placement) => {
      const host = [...clusters.store.values()].find(({ labels }) => HOST_CLUSTER_LABEL in labels);
      return host !== undefined && leavesOut(placement, host);
    },
  };
}
