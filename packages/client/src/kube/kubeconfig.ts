import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** How to reach a Kubernetes API, and with which credentials. */
export interface ClusterConfig {
  /** Origin of the API, with a path prefix where it is behind one: `https://10.0.0.1:6443`. */
  server: string;
  ca?: string;
  insecureSkipTlsVerify?: boolean;
  serverName?: string;
  cert?: string;
  key?: string;
  token?: string;
  /** File with a token that is read again every minute: projected tokens are replaced. */
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: ExecPlugin;
  /** Namespace of the context. */
  namespace?: string;
}

/** A command that prints credentials (Kubernetes "client-go credential plugins"). */
export interface ExecPlugin {
  apiVersion: string;
  command: string;
  args?: string[];
  env?: { name: string; value: string }[];
}

/** A kubeconfig that cannot be used, with the file and what is wrong in one line. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError';
}

interface Named<T> {
  name?: string;
  cluster?: T;
  user?: T;
  context?: T;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

function pick(
  list: unknown,
  kind: 'cluster' | 'user' | 'context',
  name: string,
): Record<string, unknown> {
  const entry = Array.isArray(list)
    ? (list as Named<Record<string, unknown>>[]).find((item) => item?.name === name)
    : undefined;

  if (!entry?.[kind]) {
    throw new KubeconfigError(`there is no ${kind} called "${name}"`);
  }

  return entry[kind];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Returns inline base64 data, or else the content of the file that is named, relative to the
 * kubeconfig's folder. Without a folder no file is read.
 */
async function dataOrFile(
  entry: Record<string, unknown>,
  key: string,
  folder: string | undefined,
): Promise<string | undefined> {
  const inline = text(entry[`${key}-data`]);
  if (inline) {
    return Buffer.from(inline, 'base64').toString();
  }

  const file = text(entry[key]);
  if (file && folder === undefined) {
    throw new KubeconfigError(`${key} names a file: give ${key}-data instead`);
  }

  return file && folder !== undefined ? await readFile(resolve(folder, file), 'utf8') : undefined;
}

/**
 * Parses the text of a kubeconfig; files that it names are relative to `folder`. Without a folder
 * the text comes from somebody else: it may name no files of this machine and no commands to run
 * here. Throws KubeconfigError.
 */
export async function parseKubeconfig(
  source: string,
  folder: string | undefined,
  contextName?: string,
): Promise<ClusterConfig> {
  let config: Record<string, unknown>;

  try {
    config = parse(source, { maxAliasCount: 100 }) as Record<string, unknown>;
  } catch (error) {
    throw new KubeconfigError(`it is no YAML: ${(error as Error).message.split('\n')[0]}`);
  }

  if (config === null || typeof config !== 'object') {
    throw new KubeconfigError('it is empty');
  }

  const current = contextName ?? text(config['current-context']);
  if (!current) {
    throw new KubeconfigError('it has no current-context');
  }

  const context = pick(config.contexts, 'context', current);
  const cluster = pick(config.clusters, 'cluster', String(context.cluster));
  const user = text(context.user) ? pick(config.users, 'user', String(context.user)) : {};
  const server = text(cluster.server);
  if (!server || !/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new KubeconfigError(`cluster "${context.cluster}" has no valid server URL`);
  }

  const [ca, cert, key] = await Promise.all([
    dataOrFile(cluster, 'certificate-authority', folder),
    dataOrFile(user, 'client-certificate', folder),
    dataOrFile(user, 'client-key', folder),
  ]);

  for (const key of folder === undefined ? ['exec', 'auth-provider', 'tokenFile'] : []) {
    if (user[key] !== undefined) {
      throw new KubeconfigError(`${key} works on the machine of its owner alone`);
    }
  }

  const optional = {
    ca,
    cert,
    key,
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true || undefined,
    serverName: text(cluster['tls-server-name']),
    token: text(user.token),
    tokenFile:
      folder !== undefined && text(user.tokenFile)
        ? resolve(folder, String(user.tokenFile))
        : undefined,
    username: text(user.username),
    password: text(user.password),
    exec: user.exec as ExecPlugin | undefined,
    namespace: text(context.namespace),
  };

  const set = Object.fromEntries(
    Object.entries(optional).filter(([, value]) => value !== undefined),
  );

  return { server: server.replace(/\/+$/, ''), ...set };
}

/** Reads a kubeconfig file. Throws KubeconfigError with the path in its message. */
export async function loadKubeconfig(file: string): Promise<ClusterConfig> {
  try {
    return await parseKubeconfig(await readFile(file, 'utf8'), dirname(resolve(file)));
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${file} cannot be used: ${(error as Error).message}`);
  }
}

/**
 * Returns the configuration of a pod's ServiceAccount (Kubernetes "Accessing the Kubernetes API
 * from a Pod"). Throws KubeconfigError.
 */
export async function inClusterConfig(
  host: string | undefined,
  port: string | undefined,
): Promise<ClusterConfig> {
  if (!host || !port) {
    throw new KubeconfigError(
      'this is no pod of a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
  }

  try {
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: await readFile(`${SERVICE_ACCOUNT}/ca.crt`, 'utf8'),
      tokenFile: `${SERVICE_ACCOUNT}/token`,
      namespace: (await readFile(`${SERVICE_ACCOUNT}/namespace`, 'utf8')).trim(),
    };
  } catch (error) {
    throw new KubeconfigError(
      `the pod's ServiceAccount cannot be read: ${(error as Error).message}`,
    );
  }
}
