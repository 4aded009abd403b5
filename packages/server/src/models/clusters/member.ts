import { KUBESPHERE_CONDITION, PROMETHEUS_ANNOTATION } from '@ks-apiserver/api/cluster';
import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { type Entry, objectOf } from '@ks-apiserver/client/informer/entry';
import type { AgentTunnel, AgentTunnels } from '@ks-apiserver/client/kube/agent-tunnel';
import { KubeconfigError, parseKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { MemberConnection } from './member-connection.ts';

/** Where a member's KubeSphere API is. */
export type Door =
  /** At an address of its own; it knows the callers of this server by their tokens. */
  | 'own'
  /** Behind the member's Kubernetes API, to which this server logs in. */
  | 'service';

/** A member's own KubeSphere API. */
export interface MemberKubeSphere {
  door: Door;
  connection: MemberConnection;
}

/** A member that can be called. */
export interface ReadyMember {
  state: 'ready';
  /** Undefined for a member that has only Kubernetes: this server answers for it. */
  kubesphere: MemberKubeSphere | undefined;
  /**
   * The member's Kubernetes API, called with the credentials of its Cluster; undefined for a member
   * of which only the KubeSphere API is known.
   */
  kubernetes: MemberConnection | undefined;
}

/** A cluster to which calls can go. */
export type Member = { state: 'host' } | { state: 'not-ready' } | ReadyMember;

/** A cluster that cannot be called. */
export const NOT_READY: Member = { state: 'not-ready' };

interface Connection {
  type?: string;
  kubeconfig?: string;
  kubernetesAPIEndpoint?: string;
  kubesphereAPIEndpoint?: string;
}

/** The part of a Cluster from which its connections are made. */
export interface MemberSource {
  isHost: boolean;
  isReady: boolean;
  hasKubeSphere: boolean;
  /** The Service of its Prometheus: metrics are opened again when it changes. */
  prometheus: string | undefined;
  connection: Connection;
}

/** Returns the part of a Cluster from which its connections are made. */
export function sourceOf(entry: Entry): MemberSource {
  const { spec, status } = objectOf(entry);
  const conditions: readonly { type?: string; status?: string }[] = status?.conditions ?? [];
  const has = (type: string, is: string) =>
    conditions.some((one) => one.type === type && one.status === is);

  return {
    isHost: HOST_CLUSTER_LABEL in entry.labels,
    isReady: has('Ready', 'True'),
    hasKubeSphere: !has(KUBESPHERE_CONDITION, 'False'),
    prometheus: entry.annotations[PROMETHEUS_ANNOTATION],
    connection: spec?.connection ?? {},
  };
}

/** Scheme and host of an endpoint; undefined for one that is no URL of HTTP. */
function originOf(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) {
    return undefined;
  }

  const { protocol, origin } = new URL(endpoint);

  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

/** Opens the Kubernetes API of a kubeconfig; undefined for one that cannot be used. */
async function openKubernetes(
  name: string,
  { kubeconfig = '', kubernetesAPIEndpoint = '' }: Connection,
): Promise<MemberConnection | undefined> {
  if (kubeconfig === '') {
    return undefined;
  }

  try {
    const config = await parseKubeconfig(Buffer.from(kubeconfig, 'base64').toString(), undefined);
    const server = originOf(kubernetesAPIEndpoint) ?? config.server;

    return new MemberConnection(name, new RemoteTransport({ ...config, server }));
  } catch (error) {
    if (error instanceof KubeconfigError || error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}

/** Opens a KubeSphere API at an address of its own; undefined for one that is no URL of HTTP. */
function openEndpoint(name: string, endpoint: string): MemberKubeSphere | undefined {
  const server = originOf(endpoint);
  if (server === undefined) {
    return undefined;
  }

  const transport = new RemoteTransport({ server }, { sendsCredentialsOfRequests: true });

  return { door: 'own', connection: new MemberConnection(name, transport) };
}

/** Opens the connections that go through the agent of a member. */
function openThroughAgent(
  name: string,
  tunnel: AgentTunnel,
  { hasKubeSphere }: MemberSource,
): Member {
  const { dial, bearerToken } = tunnel;
  const kubernetes = new RemoteTransport(tunnel.kubernetes, { dial, bearerToken });
  const kubesphere = new RemoteTransport(
    { server: tunnel.kubesphere },
    { dial, sendsCredentialsOfRequests: true },
  );

  return {
    state: 'ready',
    kubesphere: hasKubeSphere
      ? { door: 'own', connection: new MemberConnection(name, kubesphere) }
      : undefined,
    kubernetes: new MemberConnection(name, kubernetes),
  };
}

/**
 * Opens the connections that a Cluster describes: through its agent while that is connected to this
 * server, otherwise to its endpoints, which may be those of a tower beside it.
 */
export async function openMember(
  name: string,
  source: MemberSource,
  agents: AgentTunnels | undefined,
): Promise<Member> {
  const { isHost, isReady, hasKubeSphere, connection } = source;
  if (isHost) {
    return { state: 'host' };
  }
  if (!isReady) {
    return NOT_READY;
  }

  const { type, kubesphereAPIEndpoint: endpoint = '' } = connection;

  const tunnel = type === 'proxy' ? agents?.find(name) : undefined;

  if (tunnel) {
    return openThroughAgent(name, tunnel, source);
  }

  const kubernetes = await openKubernetes(name, connection);

  if (type === 'proxy' || endpoint !== '') {
    const kubesphere = openEndpoint(name, endpoint);
    return kubesphere ? { state: 'ready', kubesphere, kubernetes } : NOT_READY;
  }
  if (!kubernetes) {
    return NOT_READY;
  }

  const kubesphere = { door: 'service', connection: kubernetes } as const;

  return { state: 'ready', kubesphere: hasKubeSphere ? kubesphere : undefined, kubernetes };
}

/** Ends all connections of a member. */
export async function closeMember(member: Member): Promise<void> {
  if (member.state === 'ready') {
    await member.kubesphere?.connection.close();
    await member.kubernetes?.close();
  }
}
