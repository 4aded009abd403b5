import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SECRETS } from '@ks-apiserver/api/resources';
import { badRequest, StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../session/identity.ts';
import {
  CREDENTIAL_NAMESPACE,
  credentialSecret,
  encodeData,
  isCredential,
  readText,
} from './secret.ts';

/** The prefix of every API token, by which scanners for leaked secrets recognise it. */
const PREFIX = 'kst';
const FORM = /^kst_([0-9a-z]{16})_([0-9A-Za-z_-]{43})$/;
const NAME_LIMIT = 128;
const DAY_MS = 86_400_000;

/** Precision of the time of last use, in milliseconds: each change of it is a write. */
const USE_MS = 600_000;

/** How long unknown ids are remembered, in milliseconds, and how many. */
const UNKNOWN_MS = 5000;
const MAX_UNKNOWN = 10_000;

/** Limits of API tokens. */
export interface ApiTokenRules {
  enable: boolean;
  /** Longest lifetime in milliseconds; 0 for no limit. */
  maxAge: number;
  maxPerUser: number;
}

/**
 * An API token as its user sees it in lists, without the token itself. Times are RFC 3339;
 * `expires` is absent for a token that does not expire.
 */
export interface ApiTokenInfo {
  id: string;
  name: string;
  created: string;
  expires?: string;
  lastUsed?: string;
}

interface ApiToken {
  id: string;
  name: string;
  username: string;
  uid: string;
  hash: Buffer;
  /** Milliseconds since 1970; 0 for never. */
  expires: number;
  created: string;
  lastUsed: string;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function secretName(id: string): string {
  return `api-token-${id}`;
}

function idOf(name: string): string {
  return name.slice(secretName('').length);
}

function tokenOf(secret: KubeObject): ApiToken {
  return {
    id: idOf(secret.metadata.name ?? ''),
    name: readText(secret, 'name'),
    username: readText(secret, 'username'),
    uid: readText(secret, 'uid'),
    hash: Buffer.from(readText(secret, 'hash'), 'hex'),
    expires: Number(readText(secret, 'expires')),
    created: secret.metadata.creationTimestamp ?? '',
    lastUsed: readText(secret, 'lastUsed'),
  };
}

function infoOf({ id, name, created, expires, lastUsed }: ApiToken): ApiTokenInfo {
  return {
    id,
    name,
    created,
    ...(expires > 0 && { expires: timestamp(new Date(expires)) }),
    ...(lastUsed && { lastUsed }),
  };
}

/** Whether a Bearer token has the form of an API token. */
export function isApiToken(token: string): boolean {
  return token.startsWith(`${PREFIX}_`);
}

/**
 * Long-lived tokens that users create for scripts, list and revoke; the server stores only hashes.
 */
export class ApiTokens {
  readonly #client: KubeClient;
  readonly #rules: ApiTokenRules;
  /** Tokens by id: those that were created here, and all that the informer has reported. */
  readonly #tokens = new Map<string, ApiToken>();
  readonly #byUser = new Map<string, Set<string>>();
  /** Tokens that were revoked here, until the informer reports it too. */
  readonly #revoked = new Set<string>();
  /** Unknown ids, and until when (milliseconds since 1970) they count as unknown. */
  readonly #unknown = new LRUCache<string, true>({ max: MAX_UNKNOWN, ttl: UNKNOWN_MS });

  constructor(client: KubeClient, credentials: Informer, rules: ApiTokenRules) {
    this.#client = client;
    this.#rules = rules;

    for (const { object } of credentials.store.values()) {
      this.#remember(object);
    }

    credentials.store.onChange(({ type, entry }) => {
      if (type !== 'DELETED') {
        return void this.#remember(entry.object);
      }

      const id = idOf(entry.name);
      this.#forget(id);
      this.#revoked.delete(id);
    });
  }

  /**
   * Remembers and returns the API token in a Secret, unless it is revoked; undefined for other
   * Secrets.
   */
  #remember(secret: KubeObject | undefined): ApiToken | undefined {
    if (!isCredential(secret, 'api-token')) {
      return undefined;
    }

    const token = tokenOf(secret);
    if (this.#revoked.has(token.id)) {
      return undefined;
    }

    this.#tokens.set(token.id, token);
    this.#unknown.delete(token.id);
    this.#byUser.set(token.username, (this.#byUser.get(token.username) ?? new Set()).add(token.id));

    return token;
  }

  #forget(id: string): void {
    const username = this.#tokens.get(id)?.username ?? '';

    this.#tokens.delete(id);

    const ids = this.#byUser.get(username);
    ids?.delete(id);

    if (ids?.size === 0) {
      this.#byUser.delete(username);
    }
  }

  #ofUser(username: string): ApiToken[] {
    return [...(this.#byUser.get(username) ?? [])].flatMap((id) => this.#tokens.get(id) ?? []);
  }

  /** Returns the API tokens of a user, the oldest first. */
  list(username: string): ApiTokenInfo[] {
    return this.#ofUser(username)
      .sort((a, b) => (a.created < b.created ? -1 : 1))
      .map(infoOf);
  }

  /**
   * Creates a token, which is shown only now. `lifetimeMs` 0 means the longest lifetime allowed.
   * Throws BadRequest or Forbidden.
   */
  async create(
    user: Identity,
    name: string,
    lifetimeMs: number,
  ): Promise<ApiTokenInfo & { token: string }> {
    const { enable, maxAge, maxPerUser } = this.#rules;
    if (!enable) {
      throw new StatusError(
        403,
        'Forbidden',
        'API tokens are turned off: authentication.apiTokens.enable',
      );
    }

    if (name.trim() === '' || name.length > NAME_LIMIT) {
      throw badRequest(
        `name: describe the purpose of the token in at most ${NAME_LIMIT} characters`,
      );
    }
    if (!Number.isFinite(lifetimeMs) || lifetimeMs < 0) {
      throw badRequest('expiresIn: must be a number of seconds');
    }
    if (maxAge > 0 && lifetimeMs > maxAge) {
      throw badRequest(`expiresIn: must be at most ${Math.floor(maxAge / 1000)} seconds`);
    }

    await this.#removeExpired(user.name);

    if (this.#ofUser(user.name).length >= maxPerUser) {
      throw badRequest(
        `user ${user.name} has ${maxPerUser} API tokens, the most there may be: revoke one first`,
      );
    }

    const id = [...randomBytes(16)].map((byte) => (byte % 36).toString(36)).join('');
    const token = `${PREFIX}_${id}_${randomBytes(32).toString('base64url')}`;
    const lifetime = lifetimeMs || maxAge;

    const secret = credentialSecret('api-token', secretName(id), user, {
      name,
      hash: hashOf(token).toString('hex'),
      expires: String(lifetime > 0 ? Date.now() + lifetime : 0),
    });

    const made = await this.#client.create(SECRETS, secret);

    return { ...infoOf(this.#remember(made) ?? tokenOf(made)), token };
  }

  /**
   * Revokes a user's token, here at once and on other replicas as soon as their watch reports it.
   * Throws NotFound.
   */
  async revoke(username: string, id: string): Promise<void> {
    if (this.#tokens.get(id)?.username !== username) {
      throw new StatusError(
        404,
        'NotFound',
        `API token "${id.slice(0, 64)}" of user "${username}" not found`,
      );
    }

    this.#revoked.add(id);
    this.#forget(id);

    await this.#client.delete({
      resource: SECRETS,
      namespace: CREDENTIAL_NAMESPACE,
      name: secretName(id),
    });
  }

  /**
   * Deletes tokens that expired more than a day ago: until then their user can see why a script has
   * stopped working.
   */
  async #removeExpired(username: string): Promise<void> {
    const over = this.#ofUser(username).filter(
      ({ expires }) => expires > 0 && expires + DAY_MS < Date.now(),
    );

    for (const { id } of over) {
      await this.revoke(username, id);
    }
  }

  async #find(id: string): Promise<ApiToken | undefined> {
    const known = this.#tokens.get(id);
    if (known || this.#revoked.has(id)) {
      return known;
    }
    if (this.#unknown.has(id)) {
      return undefined;
    }

    // Another replica may have created it a moment ago.
    const key = { resource: SECRETS, namespace: CREDENTIAL_NAMESPACE, name: secretName(id) };
    const found = this.#remember(await this.#client.find(key));
    if (found) {
      return found;
    }

    this.#unknown.set(id, true);

    return undefined;
  }

  /**
   * Returns the user of a token. Throws Unauthorized for one that is unknown, revoked or expired.
   */
  async verify(token: string): Promise<Identity> {
    const id = FORM.exec(token)?.[1];
    const found = id === undefined ? undefined : await this.#find(id);
    if (found?.hash.length !== 32 || !timingSafeEqual(found.hash, hashOf(token))) {
      throw unauthorized('the API token is unknown or revoked');
    }
    if (found.expires > 0 && found.expires <= Date.now()) {
      throw unauthorized('the API token is expired');
    }

    this.#noteUse(found);

    return { name: found.username, uid: found.uid };
  }

  /**
   * Stores when a token was last used, rarely and without waiting; the next use makes up for a
   * failed write.
   */
  #noteUse(token: ApiToken): void {
    if (Date.now() - (Date.parse(token.lastUsed) || 0) < USE_MS) {
      return;
    }

    token.lastUsed = timestamp();

    const key = { resource: SECRETS, namespace: CREDENTIAL_NAMESPACE, name: secretName(token.id) };
    this.#client
      .patch(key, 'merge', { data: encodeData({ lastUsed: token.lastUsed }) })
      .catch(() => {});
  }
}
