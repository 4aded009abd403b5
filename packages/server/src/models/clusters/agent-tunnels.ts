import { createHash, timingSafeEqual } from 'node:crypto';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { AgentTunnel, AgentTunnels } from '@ks-apiserver/client/kube/agent-tunnel';
import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';
import type { AgentConfig } from '@ks-apiserver/tower/protocol/agent-config';
import type { AgentServer } from '@ks-apiserver/tower/server/agent-server';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Returns the Kubernetes API of an agent's cluster without its token, which may change. */
function kubernetesOf({ kubernetesHost, ca, cert, key }: AgentConfig): ClusterConfig {
  return {
    server: `https://${kubernetesHost}`,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
  };
}

/** Returns what a tunnel is made of, as text: what is the same needs no new connections. */
function sourceOf(config: AgentConfig): string {
  return JSON.stringify([kubernetesOf(config), config.kubesphereHost]);
}

/**
 * Decides whether an agent is that of one of the Clusters: of type proxy, joined, initialized, and
 * with the token that the agent told. Takes the same time whatever is wrong.
 */
export function isAgentOf(
  clusters: InformerStore,
  { name, token }: Pick<AgentConfig, 'name' | 'token'>,
): boolean {
  const entry = clusters.get(name);
  const { spec, status } = entry ? objectOf(entry) : {};
  const { type, token: expected = '' } = spec?.connection ?? {};
  const conditions: readonly { type?: string; status?: string }[] = status?.conditions ?? [];
  const isInitialized = conditions.some(
    (condition) => condition.type === 'Initialized' && condition.status === 'True',
  );

  const isEqual = timingSafeEqual(digest(token), digest(String(expected)));
  const isJoined = type === 'proxy' && spec?.joinFederation === true && isInitialized;

  return isEqual && isJoined && expected !== '';
}

/** The tunnels of the agents that are connected to this server. */
export class ServedTunnels implements AgentTunnels {
  readonly #agents: AgentServer;
  readonly #known = new Map<string, string>();
  readonly #listeners = new Set<(cluster: string) => void>();

  constructor(agents: AgentServer) {
    this.#agents = agents;
  }

  find(cluster: string): AgentTunnel | undefined {
    const config = this.#agents.configOf(cluster);
    if (!config) {
      return undefined;
    }

    return {
      kubernetes: kubernetesOf(config),
      bearerToken: () => this.#agents.configOf(cluster)?.bearerToken ?? '',
      kubesphere: `http://${config.kubesphereHost}`,
      dial: (address) => this.#agents.dial(cluster, address),
    };
  }

  onChange(listener: (cluster: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes note that an agent has come, has told something new, or has gone. */
  changed(cluster: string): void {
    const config = this.#agents.configOf(cluster);
    const source = config && sourceOf(config);
    if (source === this.#known.get(cluster)) {
      return;
    }

    if (source === undefined) {
      this.#known.delete(cluster);
    } else {
      this.#known.set(cluster, source);
    }

    for (const listener of this.#listeners) {
      listener(cluster);
    }
  }
}
