import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { ChannelOpenError } from '../connection/channels.ts';
import { Connection, type Reply } from '../connection/connection.ts';
import { OPEN_FAILURE } from '../connection/connection-messages.ts';
import { ProtocolError } from '../packets/wire.ts';
import { type AgentConfig, isHostPort, readAgentConfig } from '../protocol/agent-config.ts';
import { type KeepAliveOptions, keepAlive } from '../protocol/keep-alive.ts';
import {
  CHANNEL_TYPE,
  CONFIG_REQUEST,
  HANDSHAKE_MS,
  PING_REQUEST,
  SERVER_LINE,
} from '../protocol/protocol.ts';
import type { HostKey } from '../ssh/host-key.ts';
import type { Secrets } from '../ssh/key-exchange.ts';

/** How long an agent may take to connect to an address, in milliseconds. */
const DIAL_MS = 10_000;

const UNAUTHORIZED = 'Unauthorized agent';
const NO_CONFIG = 'expecting config request';

const SUCCESS: Reply = { isSuccess: true, payload: Buffer.alloc(0) };

function failure(text: string): Reply {
  return { isSuccess: false, payload: Buffer.from(text) };
}

/** Whoever looks after the connections of agents. */
export interface ConnectionKeeper {
  hostKey: HostKey;
  secrets: Secrets | undefined;
  keepAlive: KeepAliveOptions;
  maxChannels: number;
  rekeyAfterBytes: number | undefined;
  /** Whether an agent with this name and token is one of ours. */
  authenticate(config: AgentConfig): boolean;
  /** The agent was refused; returns how long its answer has to wait, in milliseconds. */
  onRefused(connection: AgentConnection, name: string): number;
  onAccepted(connection: AgentConnection): void;
  /** The agent told something new of itself. */
  onChanged(connection: AgentConnection): void;
  onClosed(connection: AgentConnection, error: Error | undefined): void;
}

/** One connection of an agent, from its first byte on. */
export class AgentConnection {
  readonly address: string;
  readonly #keeper: ConnectionKeeper;
  readonly #connection: Connection;
  readonly #timer: NodeJS.Timeout;
  #config: AgentConfig | undefined;
  #stopKeepAlive: () => void = () => {};

  constructor(stream: Duplex, address: string, keeper: ConnectionKeeper) {
    this.address = address;
    this.#keeper = keeper;

    this.#connection = new Connection(stream, {
      role: 'server',
      line: SERVER_LINE,
      hostKey: keeper.hostKey,
      ...(keeper.secrets && { secrets: keeper.secrets }),
      ...(keeper.rekeyAfterBytes && { rekeyAfterBytes: keeper.rekeyAfterBytes }),
      maxChannels: keeper.maxChannels,
      onRequest: (name, payload) => this.#onRequest(name, payload),
      onChannelOpen: async () => {
        throw new ChannelOpenError('agents open no channels', OPEN_FAILURE.prohibited);
      },
      onClose: (error) => this.#onClose(error),
    });

    this.#timer = setTimeout(
      () => this.close(new ProtocolError('the agent took too long to authenticate')),
      HANDSHAKE_MS,
    );
  }

  /** What the agent has told; undefined until it is accepted. */
  get config(): AgentConfig | undefined {
    return this.#config;
  }

  /** How many channels there are. */
  get load(): number {
    return this.#connection.channelCount;
  }

  /** Has the agent connect to an address, `host:port`. Rejects when it does not. */
  dial(hostPort: string, signal = AbortSignal.timeout(DIAL_MS)): Promise<Duplex> {
    if (!isHostPort(hostPort)) {
      return Promise.reject(new RangeError('an address must be host:port'));
    }

    return this.#connection.openChannel(CHANNEL_TYPE, hostPort, signal);
  }

  /** Changes the keys. */
  rekey(): void {
    this.#connection.rekey();
  }

  /** Ends the connection. */
  close(error?: Error): void {
    this.#connection.close(error);
  }

  async #onRequest(name: string, payload: Buffer): Promise<Reply> {
    if (name === CONFIG_REQUEST) {
      return this.#onConfig(payload);
    }
    if (!this.#config) {
      return this.#refuse('', NO_CONFIG);
    }

    return name === PING_REQUEST ? SUCCESS : failure('unknown request');
  }

  async #onConfig(payload: Buffer): Promise<Reply> {
    let config: AgentConfig;

    try {
      config = readAgentConfig(payload);
    } catch (error) {
      return this.#refuse('', messageOf(error));
    }

    const known = this.#config;
    const isSame = known === undefined || known.name === config.name;

    if (!isSame || !this.#keeper.authenticate(config)) {
      return this.#refuse(config.name, UNAUTHORIZED);
    }
    if (!isHostPort(config.kubernetesHost) || !isHostPort(config.kubesphereHost)) {
      return this.#refuse(config.name, 'the addresses of the services must be host:port');
    }

    this.#config = config;
    clearTimeout(this.#timer);

    // Nothing must be sent before the answer to the request.
    setImmediate(() => {
      if (this.#connection.isClosed) {
        return;
      }
      if (known) {
        this.#keeper.onChanged(this);
      } else {
        this.#stopKeepAlive = keepAlive(this.#connection, this.#keeper.keepAlive);
        this.#keeper.onAccepted(this);
      }
    });

    return SUCCESS;
  }

  /** The agent gets the reason, after a while, and then its connection ends. */
  async #refuse(name: string, text: string): Promise<Reply> {
    await sleep(this.#keeper.onRefused(this, name), undefined, { ref: false });
    setImmediate(() => this.close());

    return failure(text);
  }

  #onClose(error: Error | undefined): void {
    clearTimeout(this.#timer);
    this.#stopKeepAlive();
    this.#keeper.onClosed(this, error);
  }
}
