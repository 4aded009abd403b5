import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { ConfigError, parseConfig } from './config.ts';
import type { Config } from './config-schema.ts';

/** Settings of the command line, the environment and the configuration file. */
export interface Options {
  command: 'serve' | 'help' | 'version';
  config: Config;
  /** Path of the file that was read; undefined without one. */
  configFile: string | undefined;
  /** Unknown keys of the file. */
  unknownKeys: readonly string[];
  bindAddress: string;
  insecurePort: number;
  securePort: number;
  dataDir: string;
  /** '' for the embedded Kubernetes API, unless `inCluster`. */
  kubeconfig: string;
  inCluster: boolean;
  adminPassword: string | undefined;
  registerNode: boolean;
  /** Whether workloads of the embedded API are simulated. */
  simulate: boolean;
  /** Whether writes of the embedded API are answered only once they are on disk. */
  fsync: boolean;
  logLevel: string;
  /** Address of the cluster's API, in a pod. */
  serviceHost: string | undefined;
  servicePort: string | undefined;
}

const FLAGS = {
  config: { type: 'string' },
  'bind-address': { type: 'string', default: '127.0.0.1' },
  'insecure-port': { type: 'string', default: '9090' },
  'secure-port': { type: 'string', default: '6443' },
  'data-dir': { type: 'string', default: 'data' },
  kubeconfig: { type: 'string', default: '' },
  'in-cluster': { type: 'boolean', default: false },
  'admin-password': { type: 'string' },
  'register-node': { type: 'string', default: 'true' },
  simulate: { type: 'boolean', default: false },
  'unsafe-no-fsync': { type: 'boolean', default: false },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Usage of the command. */
export const USAGE = `usage: ks-apiserver [install | import --from FILE | backup FILE | restore FILE | agent] [options]

  --config FILE            kubesphere.yaml (default: /etc/kubesphere/kubesphere.yaml, then ./kubesphere.yaml)
  --bind-address ADDRESS   address of all ports (default 127.0.0.1)
  --insecure-port PORT     KubeSphere API over HTTP (default 9090, 0 for any free one)
  --secure-port PORT       embedded Kubernetes API over HTTPS (default 6443, 0 for any free one)
  --data-dir DIR           objects, certificates and secrets of the embedded API (default ./data)
  --kubeconfig FILE        serve this cluster instead of the embedded Kubernetes API
  --in-cluster             serve the cluster that this pod runs in
  --admin-password TEXT    password of the user admin when it is created; or the environment variable KS_ADMIN_PASSWORD
  --register-node BOOL     show this host as a Node of the embedded API (default true)
  --simulate               simulate running workloads of the embedded API, on simulated nodes
  --unsafe-no-fsync        answer writes of the embedded API before they are on disk: only for tests, data may be lost
  --log-level LEVEL        ${LEVELS.join(', ')} (default info)

  install                  apply the CRDs and built-in objects of KubeSphere to the cluster and exit
  import --from FILE       import users, workspaces and projects from KubeSphere 3.x on another cluster (import --help)
  backup FILE              write all data of the embedded API to a file, also while a server runs (backup --help)
  restore FILE             restore such a file to an empty data directory (restore --help)
  agent                    connect the cluster that this runs in to the server of its host (agent --help)
`;

function port(flag: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new ConfigError(`--${flag} ${text}: allowed is a port from 0 to 65535`);
  }
  return Number(text);
}

function flag(name: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') {
    throw new ConfigError(`--${name} ${text}: allowed is true or false`);
  }
  return text === 'true';
}

async function readConfig(
  explicit: string | undefined,
): Promise<{ text: string; file: string | undefined }> {
  for (const file of explicit === undefined
    ? ['/etc/kubesphere/kubesphere.yaml', 'kubesphere.yaml']
    : [explicit]) {
    try {
      return { text: await readFile(file, 'utf8'), file };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (explicit !== undefined || code !== 'ENOENT') {
        throw new ConfigError(`the configuration ${file} cannot be read: ${message}`);
      }
    }
  }

  return { text: '', file: undefined };
}

function commandOf(flags: { help?: boolean; version?: boolean }): Options['command'] {
  if (flags.help) {
    return 'help';
  }
  return flags.version ? 'version' : 'serve';
}

/**
 * Reads command line, environment and configuration file. Throws ConfigError with one line for the
 * operator.
 */
export async function readOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Options> {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof FLAGS; allowPositionals: true }>>;

  try {
    parsed = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  } catch (error) {
    throw new ConfigError(
      `${messageOf(error).split('. To specify')[0]} (--help lists the options)`,
    );
  }

  const { values, positionals } = parsed;
  const [command = 'serve', ...rest] = positionals;
  if (rest.length > 0 || (command !== 'serve' && command !== 'install')) {
    throw new ConfigError(`unknown command "${positionals.join(' ')}" (--help lists the commands)`);
  }

  if (!LEVELS.includes(values['log-level'])) {
    throw new ConfigError(
      `--log-level ${values['log-level']}: allowed is one of ${LEVELS.join(', ')}`,
    );
  }

  const { text, file } = await readConfig(values.config);
  let read: ReturnType<typeof parseConfig>;

  try {
    read = parseConfig(text);
  } catch (error) {
    throw new ConfigError(`the configuration ${file} is wrong: ${messageOf(error)}`);
  }

  // Secrets come from the environment when the file is a ConfigMap.
  read.config.authentication.jwtSecret ||= env.KS_JWT_SECRET ?? '';
  read.config.redis.password ||= env.KS_REDIS_PASSWORD ?? '';

  const kubeconfig = values.kubeconfig || read.config.kubernetes.kubeconfig;
  const simulate = values.simulate || read.config.simulation.enabled;
  if (simulate && (kubeconfig || values['in-cluster'])) {
    throw new ConfigError(
      '--simulate is for the embedded Kubernetes API: a cluster runs its own workloads',
    );
  }

  return {
    command: commandOf(values),
    config: read.config,
    configFile: file,
    unknownKeys: read.unknown,
    bindAddress: values['bind-address'],
    insecurePort: port('insecure-port', values['insecure-port']),
    securePort: port('secure-port', values['secure-port']),
    dataDir: resolve(values['data-dir']),
    kubeconfig,
    inCluster: values['in-cluster'],
    adminPassword: values['admin-password'] ?? (env.KS_ADMIN_PASSWORD || undefined),
    registerNode: flag('register-node', values['register-node']),
    simulate,
    fsync: !values['unsafe-no-fsync'],
    logLevel: values['log-level'],
    serviceHost: env.KUBERNETES_SERVICE_HOST,
    servicePort: env.KUBERNETES_SERVICE_PORT,
  };
}
