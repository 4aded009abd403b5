import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { CONFIG_AGAIN } from '../connection/authentication.ts';
import { Connection, type Reply } from '../connection/connection.ts';
import { type AgentConfig, writeAgentConfig } from '../protocol/agent-config.ts';
import { keepAlive } from '../protocol/keep-alive.ts';
import { CLIENT_LINE, CONFIG_REQUEST, HANDSHAKE_MS, PING_REQUEST } from '../protocol/protocol.ts';
import { Backoff } from './backoff.ts';
import { dialler } from './dial.ts';
import { openServerSocket, type ServerAddress } from './server-socket.ts';

/** A ping that is not answered for so many intervals ends the connection. */
const MISSED_PINGS = 3;

/** Channels that a server may have open at the same time. */
const MAX_CHANNELS = 4096;

/** How often files with credentials are read again, in milliseconds. */
const REREAD_MS = 60_000;

/** What an agent tells its operator. */
export interface AgentLog {
  info(line: string): void;
  warn(line: string): void;
}

/** What an agent needs. */
export interface AgentOptions {
  server: ServerAddress;
  /** Returns what to tell the server; read again from time to time, as tokens are replaced. */
  config: () => Promise<AgentConfig>;
  /** How often the server is asked whether it is there, in milliseconds. */
  keepAliveMs: number;
  /** Tries in a row that may fail; 0 for any number. */
  maxRetries: number;
  /** Longest wait between two tries, in milliseconds. */
  maxRetryIntervalMs: number;
  log: AgentLog;
  /** How often credentials are read again, in milliseconds; a minute if it is not given. */
  rereadMs?: number;
  /** After so many bytes in one direction the keys are changed. */
  rekeyAfterBytes?: number;
}

/** The agent failed more often in a row than it may. */
export class AgentError extends Error {}

/** Connects a cluster to the server of its host, and connects again whenever that ends. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #backoff: Backoff;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.maxRetryIntervalMs);
  }

  /** Runs until the signal is aborted. Rejects with an AgentError after too many failures. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, maxRetries } = this.#options;

    while (!signal.aborted) {
      const failure = await this.#session(signal).then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );

      if (signal.aborted) {
        return;
      }
      if (failure === undefined) {
        continue;
      }
      if (maxRetries > 0 && this.#backoff.tries >= maxRetries) {
        throw new AgentError(`gave up after ${maxRetries} tries: ${failure}`);
      }

      const waitMs = this.#backoff.next();
      log.warn(`not connected: ${failure}; next try in ${(waitMs / 1000).toFixed(1)} s`);
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Resolves when a connection has to be made anew at once; rejects when it failed or broke. */
  async #session(signal: AbortSignal): Promise<void> {
    const { server, config: readConfig } = this.#options;
    const config = await readConfig();
    const stream = await openServerSocket(server, signal);

    const ended = { settle: (_error: Error | undefined) => {} };
    const end = new Promise<void>((resolve, reject) => {
      ended.settle = (error) => (error ? reject(error) : resolve());
    });
    end.catch(() => {});

    const session = { config, isReplaced: false };
    const { rekeyAfterBytes } = this.#options;

    const connection = new Connection(stream, {
      role: 'client',
      line: CLIENT_LINE,
      maxChannels: MAX_CHANNELS,
      ...(rekeyAfterBytes && { rekeyAfterBytes }),
      onRequest: (name) => answer(name),
      onChannelOpen: dialler(() => [session.config.kubernetesHost, session.config.kubesphereHost]),
      onClose: (error) =>
        ended.settle(
          session.isReplaced ? undefined : (error ?? new Error('the server ended the connection')),
        ),
    });

    const stop = () => connection.close();
    signal.addEventListener('abort', stop, { once: true });

    try {
      await introduce(connection, config);
      this.#backoff.reset();
      this.#options.log.info(`connected to ${server.url.origin}`);

      await this.#keep(connection, session, end);
    } finally {
      signal.removeEventListener('abort', stop);
      connection.close();
    }
  }

  /** Looks after a connection until it ends. */
  async #keep(
    connection: Connection,
    session: { config: AgentConfig; isReplaced: boolean },
    end: Promise<void>,
  ): Promise<void> {
    const { keepAliveMs, rereadMs = REREAD_MS } = this.#options;
    const timeoutMs = keepAliveMs * MISSED_PINGS;
    const stopKeepAlive = keepAlive(connection, { intervalMs: keepAliveMs, timeoutMs });

    const reread = () =>
      this.#tellChanges(connection, session).catch((error) =>
        this.#options.log.warn(`credentials cannot be read again: ${messageOf(error)}`),
      );

    const timer = setInterval(reread, rereadMs);

    try {
      await end;
    } finally {
      clearInterval(timer);
      stopKeepAlive();
    }
  }

  /** Tells the server of credentials that are new; tower learns of them by another connection. */
  async #tellChanges(
    connection: Connection,
    session: { config: AgentConfig; isReplaced: boolean },
  ): Promise<void> {
    const config = await this.#options.config();
    if (isDeepStrictEqual(config, session.config)) {
      return;
    }

    session.config = config;

    if (connection.extensions.has(CONFIG_AGAIN)) {
      const reply = await connection.request(CONFIG_REQUEST, writeAgentConfig(config));
      if (reply.isSuccess) {
        return;
      }
    }

    session.isReplaced = true;
    connection.close();
  }
}

function answer(name: string): Reply {
  return { isSuccess: name === PING_REQUEST, payload: Buffer.alloc(0) };
}

/** Authenticates, and tells who this agent is. Rejects with the server's reason. */
async function introduce(connection: Connection, config: AgentConfig): Promise<void> {
  const timer = setTimeout(
    () => connection.close(new Error('the server did not answer in time')),
    HANDSHAKE_MS,
  );

  try {
    await connection.opened;
    const { isSuccess, payload } = await connection.request(
      CONFIG_REQUEST,
      writeAgentConfig(config),
    );

    if (!isSuccess || payload.length > 0) {
      const text = payload
        .toString()
        .replace(/[^ -~]/g, '?')
        .slice(0, 200);
      throw new Error(text === '' ? 'the server refused this agent' : `the server said: ${text}`);
    }
  } finally {
    clearTimeout(timer);
  }
}
