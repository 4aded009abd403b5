import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { Redis } from 'ioredis';
import type { IssuedTokens, Session, SessionStore } from './sessions.ts';
import { tokenHash } from './tokens.ts';

/** Where Redis is and how to log in to it. */
export interface RedisOptions {
  host: string;
  port: number;
  password: string;
  db: number;
}

const COMMAND_TIMEOUT_MS = 3000;

/** Key of a token, as KubeSphere 3.0 names it: replicas of both servers may share one Redis. */
function keyOf(username: string, token: string): string {
  return `kubesphere:user:${username}:token:${token}`;
}

/** Key under which the refresh token of an access token's session is found, for replicas of this server alone. */
function pairKey(access: string): string {
  return `kubesphere:session:${tokenHash(access)}`;
}

/** Characters that Redis' MATCH reads as a pattern are taken literally. */
function literal(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

/** Sessions in Redis, shared between replicas. Every failure of Redis is thrown as ServiceUnavailable. */
export class RedisSessions implements SessionStore {
  readonly #redis: Redis;

  constructor(options: RedisOptions) {
    this.#redis = new Redis({
      host: options.host,
      port: options.port,
      db: options.db,
      ...(options.password !== '' && { password: options.password }),
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      lazyConnect: true,
      retryStrategy: (attempt) => Math.min(attempt * 200, 5000),
    });
    // Commands report the failure to whoever waits for them; ioredis reconnects by itself.
    this.#redis.on('error', () => {});
  }

  /** Connects; rejects when Redis does not answer. */
  async connect(): Promise<this> {
    await this.#call(() => this.#redis.connect());
    await this.#call(() => this.#redis.ping());
    return this;
  }

  async #call<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw serviceUnavailable(`Redis does not answer: ${(error as Error).message}`, error);
    }
  }

  async #set(username: string, token: string, expires: number): Promise<void> {
    const key = keyOf(username, token);
    if (expires <= 0) await this.#call(() => this.#redis.set(key, token));
    else await this.#call(() => this.#redis.set(key, token, 'PX', Math.max(1, Math.ceil(expires - Date.now()))));
  }

  async add(session: Session, tokens: IssuedTokens): Promise<void> {
    if (session.accessHash !== '') await this.#set(session.username, tokens.access, session.accessExpires);
    await this.#set(session.username, tokens.refresh, session.refreshExpires);
    if (session.accessHash === '') return;
    const milliseconds = Math.max(1, Math.ceil(session.accessExpires - Date.now()));
    await this.#call(() => this.#redis.set(pairKey(tokens.access), tokens.refresh, 'PX', milliseconds));
  }

  async has(username: string, token: string): Promise<boolean> {
    return (await this.#call(() => this.#redis.exists(keyOf(username, token)))) === 1;
  }

  async revokeUser(username: string): Promise<void> {
    let cursor = '0';
    do {
      const [next, keys] = await this.#call(() =>
        this.#redis.scan(cursor, 'MATCH', keyOf(literal(username), '*'), 'COUNT', 1000),
      );
      if (keys.length > 0) await this.#call(() => this.#redis.unlink(...keys));
      cursor = next;
    } while (cursor !== '0');
  }

  async revoke(username: string, token: string): Promise<void> {
    const refresh = await this.#call(() => this.#redis.get(pairKey(token)));
    const keys = [keyOf(username, token), pairKey(token), ...(refresh === null ? [] : [keyOf(username, refresh)])];
    await this.#call(() => this.#redis.unlink(...keys));
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }
}
