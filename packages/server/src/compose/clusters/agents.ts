import type { Informer } from '@ks-apiserver/client/informer/informer';
import { Listener } from '@ks-apiserver/http/server/listener';
import { ordinaryAnswer } from '@ks-apiserver/http/server/upgrade';
import { AgentServer } from '@ks-apiserver/tower/server/agent-server';
import type { Logger } from 'pino';
import type { SecretStore } from '../../backend/secrets.ts';
import { BUILD } from '../../config/build.ts';
import type { Config } from '../../config/config-schema.ts';
import { portError } from '../../http/port-error.ts';
import type { SourceAddresses } from '../../http/source-ip.ts';
import type { Auditor } from '../../models/auditing/auditor.ts';
import { isAgentOf, ServedTunnels } from '../../models/clusters/agent-tunnels.ts';
import { AgentDoor, agentPortAnswer } from '../../proxy/agent-door.ts';
import { MemberPorts } from './member-ports.ts';

/** How long requests at the port of agents may take when the server stops, in milliseconds. */
const GRACE_MS = 1000;

/** The agents of members that connect to this server. */
export interface OpenedAgents {
  tunnels: ServedTunnels;
  door: AgentDoor;
  /** Undefined where members have no ports. */
  ports: MemberPorts | undefined;
  /** Ends all agents, which keep the main port open as well; may be called again. */
  close(): Promise<void>;
}

/** What the agents of members are served with; `clusters` are Clusters with their credentials. */
export interface AgentsContext {
  config: Config['multicluster']['agents'];
  clusters: Informer;
  auditor: Auditor;
  addresses: SourceAddresses;
  secrets: SecretStore;
  log: Logger;
}

/** Listens at the port of agents; returns what stops that. */
async function listen(
  { port, bindAddress }: AgentsContext['config'],
  door: AgentDoor,
): Promise<Listener | undefined> {
  if (port === 0) {
    return undefined;
  }

  const answer = agentPortAnswer(BUILD.gitVersion);

  return Listener.listen({
    host: bindAddress,
    port,
    onRequest: answer,
    onUpgrade: (req, socket, head) => {
      if (door.takes(req)) {
        door.take(req, socket, head);
      } else {
        answer(req, ordinaryAnswer(req, socket));
      }
    },
  }).catch((error) => {
    throw portError(error, bindAddress, port, 'multicluster.agents.port');
  });
}

/**
 * Lets agents of members connect, at the main port and at one of their own where that is
 * configured. Rejects with a ConfigError for a port that cannot be had.
 */
export async function openAgents(context: AgentsContext): Promise<OpenedAgents> {
  const { config, clusters, auditor, addresses, log } = context;

  const agents: AgentServer = new AgentServer({
    authenticate: (agent) => isAgentOf(clusters.store, agent),
    events: {
      onAgent: (name) => tunnels.changed(name),
      onAgentGone: (name) => tunnels.changed(name),
      onConnected: (cluster, ip) => log.info({ cluster, ip }, 'an agent has connected'),
      onDisconnected: (cluster, ip, err) =>
        log.info({ cluster, ip, why: err?.message }, 'an agent has gone'),
      onRefused: (cluster, ip) => {
        log.warn({ cluster: cluster.slice(0, 253), ip }, 'an agent was refused');
        door.auditRefusal(cluster, ip);
      },
    },
  });

  const tunnels = new ServedTunnels(agents);
  const door = new AgentDoor({ agents, auditor, addresses });

  // Tokens may change, and clusters may be left.
  const unsubscribe = clusters.store.onChange(({ entry }) => agents.recheck(entry.name));
  const listener = await listen(config, door);

  const { memberPorts } = config;
  const ports = memberPorts.enable
    ? await MemberPorts.open({ ...context, tunnels, bindAddress: memberPorts.bindAddress })
    : undefined;

  let closed: Promise<void> | undefined;

  const close = () => {
    unsubscribe();
    agents.close();
    closed ??= Promise.all([listener?.close(GRACE_MS), ports?.close()]).then(() => {});

    return closed;
  };

  return { tunnels, door, ports, close };
}
