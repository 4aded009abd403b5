import { randomBytes, randomInt } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SECRETS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ConfigError } from '../config/config.ts';

const NAME = 'ks-apiserver-secrets';

/**
 * Shortest key that is taken for HS256, in bytes: RFC 7518 section 3.2 asks for 32, 3.0's installer
 * wrote 32 characters.
 */
const MIN_SECRET = 32;

/** Letters and digits that are not mistaken for each other. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

/** A password of 20 random characters, about 115 bits. */
export function randomPassword(): string {
  return Array.from({ length: 20 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Where secrets that the server made for itself are kept. */
export interface SecretStore {
  read(key: string): Promise<string | undefined>;
  /** Keeps a value unless another replica was faster; answers the one that counts. */
  keep(key: string, value: string): Promise<string>;
  /**
   * Replaces a value that is still `before`; answers the one that counts, which may be another
   * replica's.
   */
  replace(key: string, before: string, value: string): Promise<string>;
}

/** Secrets as files that only the owner reads, for the embedded API. */
export class FileSecrets implements SecretStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  path(key: string): string {
    return join(this.#dir, key);
  }

  async read(key: string): Promise<string | undefined> {
    try {
      return (await readFile(this.path(key), 'utf8')).trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return undefined;
      }
      throw error;
    }
  }

  async keep(key: string, value: string): Promise<string> {
    const temporary = `${this.path(key)}.tmp`;
    await writeFile(temporary, `${value}\n`, { mode: 0o600 });
    await rename(temporary, this.path(key));
    return value;
  }

  replace(key: string, _before: string, value: string): Promise<string> {
    // Nobody else writes here.
    return this.keep(key, value);
  }
}

/** Secrets in a Secret of the cluster, shared by all replicas. */
export class ClusterSecrets implements SecretStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async read(key: string): Promise<string | undefined> {
    const secret = await this.#client.find({
      resource: SECRETS,
      namespace: SYSTEM_NAMESPACE,
      name: NAME,
    });
    const value = (secret?.data as Record<string, string> | undefined)?.[key];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  }

  async keep(key: string, value: string): Promise<string> {
    const metadata = { name: NAME, namespace: SYSTEM_NAMESPACE };
    const data = { [key]: Buffer.from(value).toString('base64') };

    try {
      await this.#client.create<KubeObject>(SECRETS, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        type: 'Opaque',
        data,
      });

      return value;
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
        throw error;
      }
    }

    const secret = await this.#client.get({ resource: SECRETS, ...metadata });
    const existing = (secret.data as Record<string, string> | undefined)?.[key];
    if (existing !== undefined) {
      return Buffer.from(existing, 'base64').toString();
    }

    try {
      await this.#client.update(SECRETS, { ...secret, data: { ...secret.data, ...data } });
      return value;
    } catch (error) {
      // Another replica has written meanwhile: its value counts.
      if (error instanceof StatusError && error.reason === 'Conflict') {
        return this.keep(key, value);
      }

      throw error;
    }
  }

  async replace(key: string, before: string, value: string): Promise<string> {
    const secret = await this.#client.get({
      resource: SECRETS,
      namespace: SYSTEM_NAMESPACE,
      name: NAME,
    });
    const existing = (secret.data as Record<string, string> | undefined)?.[key];
    const current = existing === undefined ? before : Buffer.from(existing, 'base64').toString();
    if (current !== before) {
      return current;
    }

    const data = {
      ...(secret.data as Record<string, string>),
      [key]: Buffer.from(value).toString('base64'),
    };

    try {
      await this.#client.update(SECRETS, { ...secret, data });
      return value;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Conflict') {
        return this.replace(key, before, value);
      }
      throw error;
    }
  }
}

/**
 * The key that signs tokens: the configured one, else one made on first start and kept. Throws
 * ConfigError for a short one.
 */
export async function jwtSecret(configured: string, secrets: SecretStore): Promise<string> {
  if (configured !== '') {
    if (Buffer.byteLength(configured) < MIN_SECRET) {
      throw new ConfigError(
        `authentication.jwtSecret has ${Buffer.byteLength(configured)} bytes, at least ${MIN_SECRET} are needed: openssl rand -hex 32 makes one`,
      );
    }

    return configured;
  }

  return (
    (await secrets.read('jwt-secret')) ??
    secrets.keep('jwt-secret', randomBytes(32).toString('hex'))
  );
}
