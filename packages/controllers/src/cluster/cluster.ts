import { KUBESPHERE_CONDITION } from '@ks-apiserver/api/cluster';
import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { CLUSTERS } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { AgentTunnel, AgentTunnels } from '@ks-apiserver/client/kube/agent-tunnel';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeconfigError } from '@ks-apiserver/client/kube/kubeconfig';
import { ProbeError } from '@ks-apiserver/client/kube/probe';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import { ensureAgentService, removeAgentService, withToken } from './agent-service.ts';
import {
  type ClusterCondition,
  type ClusterConnection,
  type ClusterObject,
  isTrue,
  withCondition,
} from './cluster-object.ts';
import type { Federation } from './federation.ts';
import { type MemberState, memberState, stateThroughAgent } from './member-state.ts';
import { Membership } from './membership.ts';

const FINALIZER = 'finalizer.cluster.kubesphere.io';

/** Every member is asked again after this time, in milliseconds. */
const CHECK_MS = 120_000;

const INITIALIZED = {
  type: 'Initialized',
  status: 'True',
  reason: 'Initialized',
  message: 'Cluster has been initialized',
} as const satisfies ClusterCondition;

const READY = {
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'Cluster is available now',
} as const satisfies ClusterCondition;

/** Dependencies of the cluster controller. */
export interface ClusterDependencies {
  client: KubeClient;
  /** Clusters with their credentials; their informer keeps objects. */
  clusters: Informer;
  events: EventRecorder;
  /** Tells the state of the own cluster. */
  ownState: () => Promise<MemberState>;
  /** Returns the features that this server offers for members without a KubeSphere. */
  featuresOfMembers: () => Record<string, boolean>;
  /** What clusters join; undefined if nothing is propagated. */
  federation?: Federation | undefined;
  /** Agents that connect to this server; undefined where they connect to tower. */
  agents: MemberAgents | undefined;
}

/** Lets others reach members at ports of this server. */
export interface MemberPortAccess {
  /** Returns a kubeconfig (base64) with which a member is reached at the address given. */
  kubeconfigFor(cluster: string, server: string): Promise<string>;
}

/** The agents that connect to this server. */
export interface MemberAgents {
  tunnels: AgentTunnels;
  /** Ports at which others reach members, with Services in front; undefined if there are none. */
  ports: MemberPortAccess | undefined;
}

const INSTALLED = {
  type: KUBESPHERE_CONDITION,
  status: 'True',
  reason: 'Installed',
  message: 'The cluster has a KubeSphere of its own',
} as const satisfies ClusterCondition;

const NOT_INSTALLED = {
  type: KUBESPHERE_CONDITION,
  status: 'False',
  reason: 'NotInstalled',
  message: 'The cluster has no KubeSphere: the host answers for it',
} as const satisfies ClusterCondition;

function agentCondition(tunnel: AgentTunnel | undefined): ClusterCondition {
  const isConnected = tunnel !== undefined;

  return {
    type: 'AgentAvailable',
    status: isConnected ? 'True' : 'False',
    message: isConnected
      ? 'Agent has connected to proxy successfully.'
      : 'Agent has not connected to proxy.',
  };
}

function notReady(why: string): ClusterCondition {
  return {
    type: 'Ready',
    status: 'False',
    reason: 'Unable to establish connection with cluster',
    message: `Cluster is not available now: ${why}`,
  };
}

/**
 * Looks after clusters that are joined: prepares the connection of those whose agents connect to
 * us, and tells in the status whether they can be reached and what they are.
 */
export function clusterReconciler({
  client,
  clusters,
  events,
  ownState,
  featuresOfMembers,
  federation,
  agents,
}: ClusterDependencies): Reconciler {
  const membership = new Membership(federation, events);
  const find = (name: string) => clusters.store.get(name)?.object as ClusterObject | undefined;
  const all = () =>
    [...clusters.store.values()].flatMap(({ object }) => (object ? [object as ClusterObject] : []));

  /** Returns a member's state, or the condition that says why there is none. */
  async function ask(cluster: ClusterObject): Promise<MemberState | ClusterCondition> {
    if (HOST_CLUSTER_LABEL in (cluster.metadata.labels ?? {})) {
      return ownState();
    }
    if (cluster.spec?.connection?.type === 'proxy' && !isTrue(cluster, 'AgentAvailable')) {
      return notReady('its agent is not connected');
    }

    const tunnel = agents?.tunnels.find(cluster.metadata.name);

    try {
      return await (tunnel
        ? stateThroughAgent(tunnel)
        : memberState(cluster.spec?.connection ?? {}));
    } catch (error) {
      if (error instanceof ProbeError || error instanceof KubeconfigError) {
        return notReady(messageOf(error));
      }
      throw error;
    }
  }

  async function prepared(cluster: ClusterObject): Promise<ClusterObject> {
    const isOurs = cluster.spec?.connection?.type === 'proxy';
    if (!isOurs || isTrue(cluster, INITIALIZED.type)) {
      return cluster;
    }

    const connection: ClusterConnection =
      agents && !agents.ports
        ? withToken(cluster.spec?.connection ?? {})
        : await ensureAgentService(client, cluster, all(), agents ? 'server' : 'tower');
    const { kubernetesAPIEndpoint: server } = connection;

    if (agents?.ports && server && !connection.kubeconfig) {
      connection.kubeconfig = await agents.ports.kubeconfigFor(cluster.metadata.name, server);
    }

    return { ...cluster, spec: { ...cluster.spec, connection } };
  }

  /** Clusters whose agents were connected to this server. */
  const served = new Set<string>();

  /**
   * Tells whether the agent of a cluster is connected. Clusters that were prepared for a tower, and
   * whose agents never came here, are left to it.
   */
  function withAgent(cluster: ClusterObject, now: string): ClusterObject {
    const { type, kubernetesAPIEndpoint = '' } = cluster.spec?.connection ?? {};
    if (!agents || type !== 'proxy') {
      return cluster;
    }

    const { name } = cluster.metadata;
    const tunnel = agents.tunnels.find(name);
    if (tunnel) {
      served.add(name);
    } else if (kubernetesAPIEndpoint !== '' && !agents.ports && !served.has(name)) {
      return cluster;
    }

    const condition = agentCondition(tunnel);
    const conditions = withCondition(cluster.status?.conditions ?? [], condition, now);

    return { ...cluster, status: { ...cluster.status, conditions } };
  }

  /**
   * Returns a cluster that turns out to be the host itself with the label that says so, or the
   * condition that it is the host already under another name.
   */
  async function identified(
    cluster: ClusterObject,
    answered: MemberState | ClusterCondition,
  ): Promise<{ cluster: ClusterObject; answered: MemberState | ClusterCondition }> {
    const isLabelled = HOST_CLUSTER_LABEL in (cluster.metadata.labels ?? {});
    if (isLabelled || 'type' in answered || answered.uid === undefined) {
      return { cluster, answered };
    }

    if (answered.uid !== (await ownState()).uid) {
      return { cluster, answered };
    }

    const host = all().find(({ metadata }) => HOST_CLUSTER_LABEL in (metadata.labels ?? {}));
    if (host) {
      const why = `it is the host itself, which is the cluster ${host.metadata.name} already`;
      return { cluster, answered: notReady(why) };
    }

    const labels = { ...cluster.metadata.labels, [HOST_CLUSTER_LABEL]: '' };

    return { cluster: { ...cluster, metadata: { ...cluster.metadata, labels } }, answered };
  }

  function withState(
    cluster: ClusterObject,
    answered: MemberState | ClusterCondition,
    now: string,
  ): ClusterObject {
    const known = cluster.status?.conditions ?? [];
    const initialized = withCondition(known, INITIALIZED, now);

    if ('type' in answered) {
      const conditions = withCondition(initialized, answered, now);
      return { ...cluster, status: { ...cluster.status, conditions } };
    }

    const { kubernetesVersion, nodeCount, hasKubeSphere, uid } = answered;
    const configz = hasKubeSphere === false ? featuresOfMembers() : answered.configz;
    const ready = withCondition(initialized, READY, now);

    return {
      ...cluster,
      status: {
        ...cluster.status,
        conditions:
          hasKubeSphere === undefined
            ? ready
            : withCondition(ready, hasKubeSphere ? INSTALLED : NOT_INSTALLED, now),
        kubernetesVersion,
        nodeCount,
        ...(configz && { configz }),
        ...(uid !== undefined && { uid }),
      },
    };
  }

  function tell(before: ClusterObject, after: ClusterObject): void {
    const [was, is] = [isTrue(before, READY.type), isTrue(after, READY.type)];
    const message = after.status?.conditions?.find(({ type }) => type === READY.type)?.message;

    if (was !== is) {
      events.record(
        after,
        is ? 'Normal' : 'Warning',
        is ? 'ClusterReady' : 'ClusterNotReady',
        message ?? '',
      );
    }
  }

  return {
    name: 'cluster',
    about: find,
    sources: [{ informer: clusters, keys: ({ entry }) => [entry.name] }],
    ...(agents && { listen: (add) => agents.tunnels.onChange(add) }),
    async reconcile(name) {
      const cluster = find(name);
      if (!cluster) {
        served.delete(name);
        return undefined;
      }

      const now = timestamp();

      if (isTerminating(cluster)) {
        await membership.leave(cluster, now);
        await removeAgentService(client, name);
        await withoutFinalizer(client, CLUSTERS, cluster, FINALIZER);
        return undefined;
      }

      // As in 3.0, clusters that are not joined are nobody's business.
      if (cluster.spec?.joinFederation !== true) {
        const left = await membership.leave(cluster, now);

        if (left !== cluster) {
          await client.update(CLUSTERS, left);
        }

        return undefined;
      }

      const own = await withFinalizer(client, CLUSTERS, cluster, FINALIZER);
      const ready = withAgent(await prepared(own), now);
      const found = await identified(ready, await ask(ready));
      const asked = withState(found.cluster, found.answered, now);
      const dated = await membership.withExpiry(asked, now);
      // The connection to a member is there once its object says that it is ready.
      const joined = isTrue(own, READY.type)
        ? await membership.join(dated, now)
        : { cluster: dated, againMs: undefined };

      if (!equalJson(own, joined.cluster)) {
        tell(own, await client.update<ClusterObject>(CLUSTERS, joined.cluster));
      }

      return Math.min(CHECK_MS, joined.againMs ?? CHECK_MS);
    },
  };
}
