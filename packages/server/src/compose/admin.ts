import { PASSWORD_ENCRYPTED, UNINITIALIZED } from '@ks-apiserver/api/annotations';
import { USERS } from '@ks-apiserver/api/resources';
import type { User } from '@ks-apiserver/api/user';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { randomPassword, type SecretStore } from '../backend/secrets.ts';
import { ConfigError } from '../config/config.ts';
import { WELL_KNOWN_PASSWORD } from '../models/iam/passwords/password-policy.ts';
import { checkPassword, hashPassword, PASSWORD_LIMIT } from '../models/iam/passwords/passwords.ts';

/** What this start did to the user `admin`. */
export interface AdminResult {
  created: boolean;
  /** The generated password, to be shown once. */
  generated?: string;
}

/** Whether the administrator still has the initial password of KubeSphere 3.0. */
export async function hasWellKnownPassword(client: KubeClient): Promise<boolean> {
  const admin = await client.find<User>({ resource: USERS, name: 'admin' });
  return checkPassword(WELL_KNOWN_PASSWORD, admin?.spec.password);
}

/**
 * Creates the user `admin` unless it exists, with the given password or a random one that is kept;
 * with `changeInitial` they must set their own first. Throws ConfigError.
 */
export async function ensureAdmin(
  client: KubeClient,
  secrets: SecretStore,
  { password: given, changeInitial }: { password: string | undefined; changeInitial: boolean },
): Promise<AdminResult> {
  if (given !== undefined && (given.length < 6 || Buffer.byteLength(given) > PASSWORD_LIMIT)) {
    throw new ConfigError(`the admin password must have 6 to ${PASSWORD_LIMIT} bytes`);
  }
  if (await client.find({ resource: USERS, name: 'admin' })) {
    return { created: false };
  }

  const password = given ?? (await secrets.keep('admin-password', randomPassword()));
  const now = timestamp();

  const admin: User = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: {
      name: 'admin',
      annotations: {
        [PASSWORD_ENCRYPTED]: 'true',
        ...(changeInitial && { [UNINITIALIZED]: 'true' }),
      },
    },
    spec: {
      email: 'admin@kubesphere.io',
      lang: 'zh',
      password: await hashPassword(password),
    },
    status: { state: 'Active', lastTransitionTime: now },
  };

  try {
    await client.create(USERS, admin);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists') {
      return { created: false };
    }
    throw error;
  }

  return given === undefined ? { created: true, generated: password } : { created: true };
}
