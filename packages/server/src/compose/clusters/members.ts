import { PROMETHEUS_ANNOTATION } from '@ks-apiserver/api/cluster';
import { CLUSTERS } from '@ks-apiserver/api/resources';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { MemberLease, MemberParts } from '../../http/chain-dependencies.ts';
import { MemberClusters } from '../../models/clusters/member-clusters.ts';
import { type MemberScope, MemberScopes } from '../../models/clusters/member-scopes.ts';
import type { FollowMember } from '../controllers/clusters.ts';
import { type AgentsContext, type OpenedAgents, openAgents } from './agents.ts';
import { type MemberMetricsContext, openMemberMetrics } from './member-metrics.ts';
import { type HostParts, openMemberParts } from './member-parts.ts';
import { type MemberScopeContext, memberScopeOpener } from './member-scope.ts';

/** The other clusters that this server knows. */
export interface OpenedMembers {
  /** Clusters with their credentials, which never leave the server. */
  clusters: Informer;
  members: MemberClusters;
  scopes: MemberScopes;
  /** Agents that connect to this server; undefined where they connect to tower. */
  agents: OpenedAgents | undefined;
  /** Opens what answers for a member that has only Kubernetes. */
  partsFor: (cluster: string, signal: AbortSignal) => Promise<MemberLease>;
  /** Follows the projects of a member that has only Kubernetes; undefined for any other. */
  followMember: FollowMember;
  /** Ends what goes on for long, so that the server can finish its other calls. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What members are opened with; `hostParts` serve those that have only Kubernetes. */
export interface MembersContext extends MemberScopeContext, MemberMetricsContext {
  client: KubeClient;
  hostParts: HostParts;
  agents: Pick<AgentsContext, 'auditor' | 'addresses' | 'secrets'>;
}

/** Follows Clusters; members are connected to when they are called. Rejects like `signal`. */
export async function openMembers(
  context: MembersContext,
  signal: AbortSignal,
): Promise<OpenedMembers> {
  const { client, hostParts, log } = context;
  const clusters = new Informer(client, { resource: CLUSTERS, kind: 'Cluster', keepObjects: true });
  await clusters.start().ready(signal);

  const settings = context.config.multicluster.agents;
  const agents = settings.enable
    ? await openAgents({ config: settings, clusters, log: context.log, ...context.agents })
    : undefined;

  const members = new MemberClusters(clusters.store, agents?.tunnels);
  const scopes = new MemberScopes(members, memberScopeOpener(context));

  const opened = new WeakMap<MemberScope, Promise<MemberParts>>();

  const openParts = async (cluster: string, scope: MemberScope): Promise<MemberParts> => {
    const prometheus = clusters.store.get(cluster)?.annotations[PROMETHEUS_ANNOTATION];
    const source = await openMemberMetrics({ name: cluster, scope, prometheus }, context);
    const end = () =>
      void source.close().catch((err) => log.warn({ err }, 'metrics did not close'));

    // The member may have gone while its metrics were opened.
    if (scope.ended.aborted) {
      end();
      throw serviceUnavailable(`cluster ${cluster} is no longer connected: try again`);
    }

    scope.ended.addEventListener('abort', end, { once: true });

    return openMemberParts(scope, source.queries, hostParts);
  };

  const partsOf = (cluster: string, scope: MemberScope): Promise<MemberParts> => {
    const known = opened.get(scope);
    if (known) {
      return known;
    }

    const parts = openParts(cluster, scope);
    opened.set(scope, parts);

    // What failed is tried again by the next call.
    parts.catch(() => opened.delete(scope));

    return parts;
  };

  const partsFor = async (cluster: string, wait: AbortSignal): Promise<MemberLease> => {
    const { scope, release } = await scopes.use(cluster, wait);

    try {
      return { parts: await partsOf(cluster, scope), release };
    } catch (error) {
      release();
      throw error;
    }
  };

  const followMember: FollowMember = async (cluster, wait) => {
    const member = await members.find(cluster);
    if (member?.state !== 'ready' || member.kubesphere) {
      return undefined;
    }

    const { scope, release } = await scopes.use(cluster, wait);

    // Metrics are collected from now on, not only when somebody looks at them.
    partsOf(cluster, scope).catch((err) => log.warn({ cluster, err }, 'a member has no metrics'));

    const { client: ofMember, catalog, ended } = scope;
    const [namespaces, roles] = [catalog.informerOf('namespaces'), catalog.informerOf('roles')];

    return { client: ofMember, namespaces, roles, ended, release };
  };

  const stop = async () => {
    scopes.close();
    await agents?.close();
  };

  const close = async () => {
    await members.close();
    await clusters.stop();
  };

  return { clusters, members, scopes, agents, partsFor, followMember, stop, close };
}
