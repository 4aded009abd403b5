import type { Duplex } from 'node:stream';
import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';

/** What the agent of one cluster offers while it is connected. */
export interface AgentTunnel {
  /** The cluster's Kubernetes API and the agent's credentials for it, as the agent told them. */
  kubernetes: ClusterConfig;
  /** Scheme, host and port of the cluster's KubeSphere API, as the agent reaches it. */
  kubesphere: string;
  /** Opens a TCP connection from the agent to `host:port`. Rejects when the agent cannot. */
  dial(address: string): Promise<Duplex>;
}

/** The agents of member clusters that are connected to this server. */
export interface AgentTunnels {
  /** Returns the tunnel to a cluster; undefined while no agent of it is connected. */
  find(cluster: string): AgentTunnel | undefined;
  /** Reports clusters whose tunnel has come or gone; returns what ends the reports. */
  onChange(listener: (cluster: string) => void): () => void;
}
