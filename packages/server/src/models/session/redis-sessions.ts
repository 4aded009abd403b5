import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import { Redis } from 'ioredis';
import { decideRotation } from './rotation.ts';
import type { IssuedTokens, Rotation, Session, SessionStore, TokenRef } from './sessions.ts';

/** Address and credentials of Redis. */
export interface RedisOptions {
  host: string;
  port: number;
  password: string;
  db: number;
}

const COMMAND_TIMEOUT_MS = 3000;

/**
 * Returns the key of a token, as KubeSphere 3.0 names it: replicas of both servers may share one
 * Redis.
 */
function keyOf(username: string, token: string): string {
  return `kubesphere:user:${username}:token:${token}`;
}

/**
 * Returns the key of a session's data, which only this server's replicas read; the set of its
 * tokens has a key beside it.
 */
function sessionKey(id: string): string {
  return `kubesphere:session:${id}`;
}

/** Returns the key by which a user's sessions are found. */
function markerKey(username: string, id: string): string {
  return `kubesphere:user:${username}:session:${id}`;
}

/** Writes a session's JSON if the stored text is still what the caller read. */
const REPLACE = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('set', KEYS[1], ARGV[2]) else redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

/** How often an exchange is tried while others change the session. */
const MAX_TRIES = 20;

function ttl(expires: number): number {
  return expires === 0 ? 0 : Math.max(1, Math.ceil(expires - Date.now()));
}

/** Escapes the characters that Redis' MATCH reads as a pattern. */
function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

/**
 * Sessions in Redis, shared by all replicas. Every failure of Redis is thrown as
 * ServiceUnavailable.
 */
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

    // Commands reject for their callers; ioredis reconnects by itself.
    this.#redis.on('error', () => {});
  }

  /** Connects; rejects when Redis does not answer. */
  async connect(): Promise<this> {
    try {
      await this.#call(() => this.#redis.connect());
      await this.#call(() => this.#redis.ping());
    } catch (error) {
      this.#redis.disconnect();
      throw error;
    }

    return this;
  }

  async #call<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw serviceUnavailable(`Redis does not respond: ${messageOf(error)}`, error);
    }
  }

  async #set(key: string, value: string, expires: number): Promise<void> {
    const milliseconds = ttl(expires);
    await this.#call(() =>
      milliseconds === 0
        ? this.#redis.set(key, value)
        : this.#redis.set(key, value, 'PX', milliseconds),
    );
  }

  /** Stores tokens under 3.0's keys, and the keys with their session. */
  async #storeTokens(
    { id, username, expires }: Session,
    { access, accessExpires, refresh }: IssuedTokens,
  ): Promise<void> {
    const accessKey = keyOf(username, access);
    const keys = [accessKey];
    await this.#set(accessKey, access, accessExpires);

    if (refresh !== undefined) {
      const refreshKey = keyOf(username, refresh);
      keys.push(refreshKey);
      await this.#set(refreshKey, refresh, expires);
    }

    const set = `${sessionKey(id)}:tokens`;
    await this.#call(() => this.#redis.sadd(set, ...keys));

    const milliseconds = ttl(expires);
    if (milliseconds > 0) {
      await this.#call(() => this.#redis.pexpire(set, milliseconds));
    }
  }

  async add(session: Session, tokens?: IssuedTokens): Promise<void> {
    await this.#set(sessionKey(session.id), JSON.stringify(session), session.expires);
    await this.#set(markerKey(session.username, session.id), session.kind, session.expires);

    if (tokens) {
      await this.#storeTokens(session, tokens);
    }
  }

  async extend(session: Session, tokens: IssuedTokens): Promise<void> {
    await this.#storeTokens(session, tokens);
  }

  async has({ username, token }: TokenRef): Promise<boolean> {
    return (await this.#call(() => this.#redis.exists(keyOf(username, token)))) === 1;
  }

  async #read(id: string): Promise<{ text: string; session: Session } | undefined> {
    const text = await this.#call(() => this.#redis.get(sessionKey(id)));
    return text === null ? undefined : { text, session: JSON.parse(text) };
  }

  /** Replaces a session that was read; returns false if it has changed since. */
  async #replace(text: string, session: Session): Promise<boolean> {
    const values = [text, JSON.stringify(session), String(ttl(session.expires))];
    return (
      (await this.#call(() => this.#redis.eval(REPLACE, 1, sessionKey(session.id), ...values))) ===
      1
    );
  }

  async find(id: string): Promise<Session | undefined> {
    return (await this.#read(id))?.session;
  }

  async use(id: string): Promise<Session | undefined> {
    const read = await this.#read(id);
    if (!read || read.session.used) {
      return read?.session;
    }
    if (await this.#replace(read.text, { ...read.session, used: true })) {
      return read.session;
    }

    return (await this.find(id)) && { ...read.session, used: true };
  }

  async rotate(next: Session, used: string, tokens: IssuedTokens): Promise<Rotation> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const read = await this.#read(next.id);
      const { rotation, session } = decideRotation(read?.session, next, used);
      if (rotation.state === 'reused') {
        await this.end(next);
      }
      if (!session || !read) {
        return rotation;
      }
      if (!(await this.#replace(read.text, session))) {
        continue;
      }

      // If only one access token is valid, earlier ones are removed.
      if (session.accessHash !== undefined) {
        await this.#dropTokens(session.id);
      }

      await this.#set(markerKey(session.username, session.id), session.kind, session.expires);
      await this.#storeTokens(session, tokens);

      return rotation;
    }

    return { state: 'gone' };
  }

  async #dropTokens(id: string): Promise<void> {
    const set = `${sessionKey(id)}:tokens`;
    const keys = await this.#call(() => this.#redis.smembers(set));
    await this.#call(() => this.#redis.unlink(set, ...keys));
  }

  async end({
    id,
    username,
    token,
  }: {
    id: string | undefined;
    username: string;
    token?: string;
  }): Promise<void> {
    if (token !== undefined) {
      await this.#call(() => this.#redis.unlink(keyOf(username, token)));
    }
    if (id === undefined) {
      return;
    }

    await this.#call(() => this.#redis.unlink(sessionKey(id), markerKey(username, id)));
    await this.#dropTokens(id);
  }

  async #each(pattern: string, visit: (keys: string[]) => Promise<void>): Promise<void> {
    let cursor = '0';

    do {
      const [next, keys] = await this.#call(() =>
        this.#redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000),
      );

      if (keys.length > 0) {
        await visit(keys);
      }

      cursor = next;
    } while (cursor !== '0');
  }

  async #endAll(
    username: string,
    stays: (kind: string | null, id: string) => boolean,
    kept: string[],
  ): Promise<void> {
    const token = keyOf(username, '');
    const marker = markerKey(username, '');
    await this.#each(`kubesphere:user:${escapePattern(username)}:*`, async (keys) => {
      const tokens = keys.filter((key) => key.startsWith(token) && !kept.includes(key));
      if (tokens.length > 0) {
        await this.#call(() => this.#redis.unlink(...tokens));
      }

      for (const key of keys.filter((key) => key.startsWith(marker))) {
        const id = key.slice(marker.length);
        if (!stays(await this.#call(() => this.#redis.get(key)), id)) {
          await this.end({ id, username });
        }
      }
    });
  }

  async endOthers(username: string, keep: string, tokens?: IssuedTokens): Promise<void> {
    const kept = tokens
      ? [tokens.access, tokens.refresh ?? ''].map((token) => keyOf(username, token))
      : [];
    await this.#endAll(username, (kind, id) => kind !== 'tokens' || id === keep, kept);
  }

  async revokeUser(username: string): Promise<void> {
    await this.#endAll(username, () => false, []);
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }
}
