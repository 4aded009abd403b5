import { randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SECRETS } from '@ks-apiserver/api/resources';
import { replaceFile } from '@ks-apiserver/apimachinery/files/replace-file';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ConfigError } from '../config/config.ts';

const NAME = 'ks-apiserver-secrets';

/**
 * Shortest key that is accepted for HS256, in bytes: RFC 7518 section 3.2 requires 32, and 3.0's
 * installer wrote 32 characters.
 */
const MIN_SECRET = 32;

/** Letters and digits that are hard to confuse. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

/** Returns a password of 20 random characters, about 115 bits. */
export function randomPassword(): string {
  return Array.from({ length: 20 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Where the server keeps the secrets that it generates. */
export interface SecretStore {
  read(key: string): Promise<string | undefined>;
  /** Keeps a value unless another replica was faster; returns the value that counts. */
  keep(key: string, value: string): Promise<string>;
  /**
   * Replaces a value that is still `before`; returns the value that counts, which may be another
   * replica's.
   */
  replace(key: string, before: string, value: string): Promise<string>;
}

/** Keeps secrets in files that only the owner can read, for the embedded API. */
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
    await replaceFile(this.path(key), `${value}\n`, 0o600);
    return value;
  }

  replace(key: string, _before: string, value: string): Promise<string> {
    // There is only one writer.
    return this.keep(key, value);
  }
}

/** Keeps secrets in a Secret of the cluster, shared by all replicas. */
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
      // Another replica has written first: its value counts.
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
 * Returns the key that signs tokens: the configured one, else one generated at the first start and
 * kept. Throws ConfigError for a short one.
 */
export async function jwtSecret(configured: string, secrets: SecretStore): Promise<string> {
  if (configured !== '') {
    if (Buffer.byteLength(configured) < MIN_SECRET) {
      throw new ConfigError(
        `authentication.jwtSecret has ${Buffer.byteLength(configured)} bytes, at least ${MIN_SECRET} are needed: create one with openssl rand -hex 32`,
      );
    }

    return configured;
  }

  return (
    (await secrets.read('jwt-secret')) ??
    secrets.keep('jwt-secret', randomBytes(32).toString('hex'))
  );
}
