import { once } from 'node:events';
import http, { type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Agent, type AgentOptions } from '@ks-apiserver/tower/agent/agent';
import type { AgentConfig } from '@ks-apiserver/tower/protocol/agent-config';
import { AgentServer, type AgentServerOptions } from '@ks-apiserver/tower/server/agent-server';
import { agentStream } from '@ks-apiserver/tower/server/agent-socket';

/** A server of agents over HTTP, and what has happened there. */
export class AgentHost {
  readonly agents: AgentServer;
  readonly events: string[] = [];
  readonly sockets = new Set<Socket>();
  readonly #http: Server;

  private constructor(options: Partial<AgentServerOptions>) {
    const note =
      (what: string) =>
      (name: string): void =>
        void this.events.push(`${what} ${name}`);

    this.agents = new AgentServer({
      authenticate: ({ token }) => token === 'secret',
      events: {
        onAgent: note('agent'),
        onAgentGone: note('gone'),
        onConnected: note('connected'),
        onDisconnected: note('disconnected'),
        onRefused: note('refused'),
      },
      ...options,
    });

    this.#http = http.createServer((_req, res) => res.end());
    this.#http.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.#http.on('upgrade', (req, socket: Duplex, head) =>
      agentStream(req, socket, head, (stream) => this.agents.accept(stream, '127.0.0.1')),
    );
  }

  static async start(options: Partial<AgentServerOptions> = {}): Promise<AgentHost> {
    const host = new AgentHost(options);
    host.#http.listen(0, '127.0.0.1');
    await once(host.#http, 'listening');

    return host;
  }

  get url(): URL {
    return new URL(`ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/tower`);
  }

  /** How often something has happened. */
  count(event: string): number {
    return this.events.filter((one) => one === event).length;
  }

  stop(): void {
    this.agents.close();
    this.#http.close();
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }
}

/** Returns what an agent tells, with some of it replaced. */
export function agentConfig(replaced: Partial<AgentConfig> = {}): AgentConfig {
  return {
    version: 'test',
    name: 'east',
    token: 'secret',
    kubernetesHost: '127.0.0.1:1',
    kubesphereHost: '127.0.0.1:2',
    ...replaced,
  };
}

/** An agent that runs until it is stopped. */
export class RunningAgent {
  readonly lines: string[] = [];
  readonly done: Promise<void>;
  readonly #stop = new AbortController();

  constructor(url: URL, options: Partial<AgentOptions> = {}) {
    const agent = new Agent({
      server: { url },
      config: async () => agentConfig(),
      keepAliveMs: 1000,
      maxRetries: 0,
      maxRetryIntervalMs: 300,
      log: {
        info: (line) => this.lines.push(line),
        warn: (line) => this.lines.push(line),
      },
      ...options,
    });

    this.done = agent.run(this.#stop.signal);
    this.done.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }
}
