import type { Duplex } from 'node:stream';
import type { AgentConfig } from '../protocol/agent-config.ts';
import type { KeepAliveOptions } from '../protocol/keep-alive.ts';
import { type HostKey, hostKey } from '../ssh/host-key.ts';
import type { Secrets } from '../ssh/key-exchange.ts';
import { AgentConnection, type ConnectionKeeper } from './agent-connection.ts';
import { Penalties } from './penalties.ts';

/** What happens with agents, for logs. */
export interface AgentEvents {
  /** The first connection of an agent, or what it tells of its cluster is new. */
  onAgent(name: string): void;
  /** The last connection of an agent has ended. */
  onAgentGone(name: string): void;
  onConnected(name: string, address: string): void;
  onDisconnected(name: string, address: string, error: Error | undefined): void;
  /** Somebody who is no agent of ours; the name is what they told. */
  onRefused(name: string, address: string): void;
}

/** What a server of agents needs. */
export interface AgentServerOptions {
  /** Whether an agent with this name and token is one of ours; must take constant time. */
  authenticate: (config: AgentConfig) => boolean;
  events: AgentEvents;
  keepAlive?: KeepAliveOptions;
  /** Channels of one connection at the same time. */
  maxChannels?: number;
  /** Connections that have not authenticated, of all addresses and of one. */
  maxUnauthenticated?: number;
  maxUnauthenticatedPerAddress?: number;
  /** Connections of one agent; each replica of it has one. */
  maxConnectionsPerAgent?: number;
  /** After so many bytes in one direction the keys are changed. */
  rekeyAfterBytes?: number;
  /** A new one if there is none. */
  hostKey?: HostKey;
  /** Random values of key exchanges; those of the system if there are none. */
  secrets?: Secrets;
}

const KEEP_ALIVE = { intervalMs: 10_000, timeoutMs: 30_000 };
const MAX_CHANNELS = 4096;
const MAX_UNAUTHENTICATED = 256;
const MAX_UNAUTHENTICATED_PER_ADDRESS = 32;
const MAX_CONNECTIONS_PER_AGENT = 16;

/** The end of tower to which agents connect: knows who they are, and dials through them. */
export class AgentServer {
  readonly #options: AgentServerOptions;
  readonly #keeper: ConnectionKeeper;
  readonly #penalties = new Penalties();
  /** Connections that have not authenticated. */
  readonly #strangers = new Set<AgentConnection>();
  readonly #perAddress = new Map<string, number>();
  readonly #agents = new Map<string, AgentConnection[]>();
  #isClosed = false;

  constructor(options: AgentServerOptions) {
    this.#options = options;

    this.#keeper = {
      hostKey: options.hostKey ?? hostKey(),
      secrets: options.secrets,
      keepAlive: options.keepAlive ?? KEEP_ALIVE,
      maxChannels: options.maxChannels ?? MAX_CHANNELS,
      rekeyAfterBytes: options.rekeyAfterBytes,
      authenticate: options.authenticate,
      onRefused: (connection, name) => {
        options.events.onRefused(name, connection.address);
        return this.#penalties.fail(connection.address);
      },
      onAccepted: (connection) => this.#onAccepted(connection),
      onChanged: (connection) => options.events.onAgent(connection.config?.name ?? ''),
      onClosed: (connection, error) => this.#onClosed(connection, error),
    };
  }

  /** Whether one more connection of an address may begin to authenticate. */
  admits(address: string): boolean {
    const {
      maxUnauthenticated = MAX_UNAUTHENTICATED,
      maxUnauthenticatedPerAddress = MAX_UNAUTHENTICATED_PER_ADDRESS,
    } = this.#options;

    return (
      !this.#isClosed &&
      this.#strangers.size < maxUnauthenticated &&
      (this.#perAddress.get(address) ?? 0) < maxUnauthenticatedPerAddress
    );
  }

  /** Takes a stream over, which has to authenticate in time. */
  accept(stream: Duplex, address: string): void {
    if (!this.admits(address)) {
      stream.destroy();
      return;
    }

    const connection = new AgentConnection(stream, address, this.#keeper);
    this.#strangers.add(connection);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  /** Names of the agents that are connected. */
  names(): IterableIterator<string> {
    return this.#agents.keys();
  }

  /** Returns what an agent told when it last connected; undefined if it is not connected. */
  configOf(name: string): AgentConfig | undefined {
    return this.#agents.get(name)?.at(-1)?.config;
  }

  /**
   * Has an agent connect to an address, `host:port`, through that of its connections that has the
   * fewest channels. Rejects when the agent is not there or cannot connect.
   */
  dial(name: string, hostPort: string): Promise<Duplex> {
    const [first, ...others] = this.#agents.get(name) ?? [];
    if (!first) {
      return Promise.reject(new Error('the agent is not connected'));
    }

    const idlest = others.reduce((least, one) => (one.load < least.load ? one : least), first);

    return idlest.dial(hostPort);
  }

  /** Changes the keys of all connections of an agent. */
  rekey(name: string): void {
    for (const connection of this.#agents.get(name) ?? []) {
      connection.rekey();
    }
  }

  /** Ends the connections of an agent whose credentials are no longer good. */
  recheck(name: string): void {
    for (const connection of [...(this.#agents.get(name) ?? [])]) {
      if (connection.config && !this.#options.authenticate(connection.config)) {
        connection.close();
      }
    }
  }

  /** Ends all connections, and takes no more. */
  close(): void {
    this.#isClosed = true;

    for (const connection of [...this.#strangers, ...[...this.#agents.values()].flat()]) {
      connection.close();
    }
  }

  #onAccepted(connection: AgentConnection): void {
    const name = connection.config?.name ?? '';
    const connections = this.#agents.get(name) ?? [];
    const { maxConnectionsPerAgent = MAX_CONNECTIONS_PER_AGENT, events } = this.#options;

    this.#forgetStranger(connection);
    this.#penalties.succeed(connection.address);
    connections.push(connection);
    this.#agents.set(name, connections);

    // Those that went without a word are the oldest ones.
    if (connections.length > maxConnectionsPerAgent) {
      connections[0]?.close();
    }

    events.onConnected(name, connection.address);
    events.onAgent(name);
  }

  #forgetStranger(connection: AgentConnection): void {
    if (!this.#strangers.delete(connection)) {
      return;
    }

    const left = (this.#perAddress.get(connection.address) ?? 1) - 1;

    if (left > 0) {
      this.#perAddress.set(connection.address, left);
    } else {
      this.#perAddress.delete(connection.address);
    }
  }

  #onClosed(connection: AgentConnection, error: Error | undefined): void {
    this.#forgetStranger(connection);

    const name = connection.config?.name ?? '';
    const connections = this.#agents.get(name);
    const at = connections?.indexOf(connection) ?? -1;
    if (!connections || at < 0) {
      return;
    }

    connections.splice(at, 1);
    this.#options.events.onDisconnected(name, connection.address, error);

    if (connections.length === 0) {
      this.#agents.delete(name);
      this.#options.events.onAgentGone(name);
    }
  }
}
