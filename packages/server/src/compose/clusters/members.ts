import { CLUSTERS } from '@ks-apiserver/api/resources';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { MemberClusters } from '../../models/clusters/member-clusters.ts';
import { MemberScopes } from '../../models/clusters/member-scopes.ts';
import { type MemberScopeContext, memberScopeOpener } from './member-scope.ts';

/** The other clusters that this server knows. */
export interface OpenedMembers {
  /** Clusters with their credentials, which never leave the server. */
  clusters: Informer;
  members: MemberClusters;
  scopes: MemberScopes;
  close(): Promise<void>;
}

/** Follows Clusters; members are connected to when they are called. Rejects like `signal`. */
export async function openMembers(
  client: KubeClient,
  context: MemberScopeContext,
  signal: AbortSignal,
): Promise<OpenedMembers> {
  const clusters = new Informer(client, { resource: CLUSTERS, kind: 'Cluster', keepObjects: true });
  await clusters.start().ready(signal);

  const members = new MemberClusters(clusters.store);
  const scopes = new MemberScopes(members, memberScopeOpener(context));

  const close = async () => {
    scopes.close();
    await members.close();
    await clusters.stop();
  };

  return { clusters, members, scopes, close };
}
