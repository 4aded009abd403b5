import type { Duplex } from 'node:stream';
import type { ClusterConfig } from './kubeconfig.ts';

/** Opens a connection to `host:port` from somewhere else. Rejects when that is not possible. */
export type Dial = (address: string) => Promise<Duplex>;

/** What the agent of one cluster offers while it is connected. */
export interface AgentTunnel {
  /** The cluster's Kubernetes API and the agent's credentials for it, as the agent told them. */
  kubernetes: ClusterConfig;
  /** Returns the agent's token for it, which may be a new one each time; '' for none. */
  bearerToken: () => string;
  /** Scheme, host and port of the cluster's KubeSphere API, as the agent reaches it. */
  kubesphere: string;
  dial: Dial;
}

/** The agents of member clusters that are connected to this server. */
export interface AgentTunnels {
  /** Returns the tunnel to a cluster; undefined while no agent of it is connected. */
  find(cluster: string): AgentTunnel | undefined;
  /** Reports clusters whose tunnel has come, gone or changed; returns what ends the reports. */
  onChange(listener: (cluster: string) => void): () => void;
}
