import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Credentials } from './git.ts';
import { registryUrl } from './image.ts';

/** Annotation of a Secret whose registries use plain HTTP (KubeSphere 3.3 and later). */
const INSECURE = 'secret.kubesphere.io/force-insecure';

/** Most registries of one Secret: each of them is called. */
const MOST_REGISTRIES = 10;
const TYPE = 'kubernetes.io/dockerconfigjson';
const NONE: Credentials = { username: '', password: '' };

interface AuthEntry {
  username?: unknown;
  password?: unknown;
  auth?: unknown;
}

function credentialsOf(entry: AuthEntry): Credentials {
  if (typeof entry.username === 'string' && typeof entry.password === 'string') {
    return { username: entry.username, password: entry.password };
  }
  if (typeof entry.auth !== 'string') {
    return NONE;
  }

  const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString().split(':');

  return { username, password: password.join(':') };
}

function urlOf({ metadata }: KubeObject, server: string): URL {
  const url = registryUrl(server);
  const isPlain = metadata.annotations?.[INSECURE] === 'true' && !/^https:/.test(server);
  return isPlain ? new URL(`http://${url.host}/`) : url;
}

function entriesOf(secret: KubeObject): [server: string, entry: AuthEntry][] {
  if (secret.type !== TYPE) {
    throw new SyntaxError(`secret ${secret.metadata.name} is not of type ${TYPE}`);
  }

  const text = String(secret.data?.['.dockerconfigjson'] ?? '');

  try {
    const config: { auths?: Record<string, AuthEntry> } | null = JSON.parse(
      Buffer.from(text, 'base64').toString(),
    );

    return Object.entries(config?.auths ?? {});
  } catch {
    throw new SyntaxError(`the .dockerconfigjson of secret ${secret.metadata.name} cannot be read`);
  }
}

/**
 * Returns a registry's URL and its credentials in a Secret of type kubernetes.io/dockerconfigjson,
 * and none of other registries. Plain HTTP is used only if the Secret's entry says so. Throws a
 * SyntaxError for another Secret.
 */
export function credentialsFor(
  registry: string,
  secret?: KubeObject,
): { url: URL; credentials: Credentials } {
  const url = registryUrl(registry);

  if (!secret) {
    return { url, credentials: NONE };
  }

  for (const [server, entry] of entriesOf(secret)) {
    const known = urlOf(secret, server);
    if (known.hostname === url.hostname && (known.port || '') === (url.port || '') && entry) {
      return { url: known, credentials: credentialsOf(entry) };
    }
  }

  return { url, credentials: NONE };
}

/**
 * Returns all registries of a Secret. Throws a SyntaxError for another Secret, and for one with
 * none or too many.
 */
export function registriesOf(secret: KubeObject): { url: URL; credentials: Credentials }[] {
  const entries = entriesOf(secret);
  if (entries.length === 0 || entries.length > MOST_REGISTRIES) {
    throw new SyntaxError(
      `secret ${secret.metadata.name} must have from 1 to ${MOST_REGISTRIES} registries`,
    );
  }

  return entries.map(([server, entry]) => ({
    url: urlOf(secret, server),
    credentials: credentialsOf(entry ?? {}),
  }));
}
