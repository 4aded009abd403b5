import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { type ClusterConfig, loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import type { AgentOptions } from '@ks-apiserver/tower/agent/agent';
import { serverUrl, withPort } from '@ks-apiserver/tower/agent/server-url';
import { type AgentConfig, isHostPort } from '@ks-apiserver/tower/protocol/agent-config';
import { ConfigError, parseDuration } from '../../config/config.ts';

/** Usage of the command. */
export const USAGE = `usage: ks-apiserver agent --name CLUSTER (--token TEXT | --token-file FILE) --proxy-server URL [options]

Connects the cluster that it runs in to the server of a host cluster, which then reaches it without any open port. Takes the
place of the agent of KubeSphere's tower, and speaks its protocol.

  --name CLUSTER                name of the Cluster at the host
  --token TEXT                  its token; it can be seen in the list of processes
  --token-file FILE             file with the token; it is read again each minute
  --proxy-server URL            the server: https://, or http:// inside a trusted network (default http://127.0.0.1:8080)
  --ca-file FILE                certificates (PEM) that are trusted there, instead of those of Node
  --kubesphere-service ADDRESS  KubeSphere API of this cluster, host:port (default ks-apiserver.kubesphere-system.svc:80)
  --kubernetes-service ADDRESS  Kubernetes API, host:port (default that of the pod or the kubeconfig)
  --kubeconfig FILE             credentials for the Kubernetes API (default those of the pod's ServiceAccount)
  --keepalive DURATION          how often the server is asked whether it is there (default 10s)
  --max-retry NUMBER            tries in a row that may fail, 0 for any number (default 0)
  --max-retry-interval DURATION longest wait between two tries (default 2m)
`;

const FLAGS = {
  name: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  'proxy-server': { type: 'string', default: 'http://127.0.0.1:8080' },
  'ca-file': { type: 'string' },
  'kubesphere-service': { type: 'string', default: 'ks-apiserver.kubesphere-system.svc:80' },
  'kubernetes-service': { type: 'string' },
  kubeconfig: { type: 'string' },
  keepalive: { type: 'string', default: '10s' },
  'max-retry': { type: 'string', default: '0' },
  'max-retry-interval': { type: 'string', default: '2m' },
  // Verbosity of logs, which tower's Deployments set.
  v: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const HTTP = 80;
const HTTPS = 443;

const SHORTEST_MS = 1000;
const LONGEST_MS = 3_600_000;

/** What the agent runs with. */
export type AgentSettings = Omit<AgentOptions, 'log'>;

/** What settings are read from besides the command line. */
export interface AgentSettingsContext {
  inCluster: () => Promise<ClusterConfig>;
  version: string;
}

function duration(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < SHORTEST_MS || ms > LONGEST_MS) {
    throw new ConfigError(`--${flag} ${text}: allowed is a duration from 1s to 1h, such as 10s`);
  }

  return ms;
}

function retries(text: string): number {
  if (!/^\d{1,6}$/.test(text)) {
    throw new ConfigError(`--max-retry ${text}: allowed is a number from 0 to 999999`);
  }

  return Number(text);
}

function address(flag: string, text: string, port: number): string {
  const full = withPort(text, port);
  if (!isHostPort(full)) {
    throw new ConfigError(`--${flag} ${text}: allowed is host:port`);
  }

  return full;
}

async function textOf(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`--${flag} ${file} cannot be read: ${messageOf(error)}`);
  }
}

/** Returns the address of a Kubernetes API that an agent can offer. Throws a ConfigError. */
function kubernetesAddress({ server }: ClusterConfig): string {
  const { protocol, hostname, port, pathname } = new URL(server);
  if (protocol !== 'https:' || pathname !== '/') {
    throw new ConfigError(
      `the Kubernetes API ${server} cannot be offered: it must be an https URL without a path`,
    );
  }

  return `${hostname}:${port || HTTPS}`;
}

/** Returns what an agent tells of the credentials of its cluster. Throws a ConfigError. */
async function credentialsOf(
  config: ClusterConfig,
): Promise<Pick<AgentConfig, 'ca' | 'cert' | 'key' | 'bearerToken'>> {
  const { ca, cert, key, token, tokenFile, exec, username } = config;
  if (exec || username !== undefined) {
    throw new ConfigError(
      'the kubeconfig must have a client certificate or a token: commands and passwords cannot be passed on',
    );
  }

  const bearerToken = tokenFile ? (await readFile(tokenFile, 'utf8')).trim() : token;

  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(bearerToken !== undefined && { bearerToken }),
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'];

function valuesOf(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new ConfigError(
      `${messageOf(error).split('. To specify')[0]} (agent --help lists the options)`,
    );
  }
}

function checkCredentials({ name, token, 'token-file': tokenFile }: Values): string {
  if (!name) {
    throw new ConfigError('--name is missing: the name of the Cluster at the host');
  }
  if ((token === undefined) === (tokenFile === undefined)) {
    throw new ConfigError('give either --token or --token-file: the token of the Cluster');
  }

  return name;
}

function urlOf(text: string): URL {
  try {
    return serverUrl(text);
  } catch (error) {
    throw new ConfigError(`--proxy-server ${messageOf(error)}`);
  }
}

/** Reads the command line of the agent; undefined if it asks for help. Throws a ConfigError. */
export async function readAgentSettings(
  args: readonly string[],
  { inCluster, version }: AgentSettingsContext,
): Promise<AgentSettings | undefined> {
  const values = valuesOf(args);
  if (values.help) {
    return undefined;
  }

  const name = checkCredentials(values);
  const kubesphereHost = address('kubesphere-service', values['kubesphere-service'], HTTP);
  const { 'kubernetes-service': service, 'token-file': tokenFile, 'ca-file': caFile } = values;

  const readToken = async () =>
    tokenFile === undefined ? (values.token ?? '') : (await textOf('token-file', tokenFile)).trim();

  const config = async (): Promise<AgentConfig> => {
    const { kubeconfig } = values;
    const cluster = await (kubeconfig === undefined ? inCluster() : loadKubeconfig(kubeconfig));
    const kubernetesHost =
      service === undefined
        ? kubernetesAddress(cluster)
        : address('kubernetes-service', service, HTTPS);

    const token = await readToken();

    return {
      version,
      name,
      token,
      kubernetesHost,
      kubesphereHost,
      ...(await credentialsOf(cluster)),
    };
  };

  // What is wrong from the start is said at once, and not tried again and again.
  await config();

  return {
    server: {
      url: urlOf(values['proxy-server']),
      ...(caFile !== undefined && { ca: await textOf('ca-file', caFile) }),
    },
    config,
    keepAliveMs: duration('keepalive', values.keepalive),
    maxRetries: retries(values['max-retry']),
    maxRetryIntervalMs: duration('max-retry-interval', values['max-retry-interval']),
  };
}
