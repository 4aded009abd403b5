import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
import { type ClusterConfig, type ExecPlugin, KubeconfigError } from './kubeconfig.ts';

/** How long a token read from a file is used before the file is read again, in milliseconds. */
const TOKEN_FILE_MS = 60_000;
const EXEC_TIMEOUT_MS = 60_000;

/**
 * Returns the Authorization header for a call; '' when the client certificate alone identifies the
 * caller.
 */
export type Credentials = () => Promise<string>;

/** A token, and until when it is good in milliseconds since 1970. */
interface Token {
  token: string;
  until: number;
}

async function runPlugin(plugin: ExecPlugin): Promise<Token> {
  const { stdout } = await promisify(execFile)(plugin.command, plugin.args ?? [], {
    timeout: EXEC_TIMEOUT_MS,
    maxBuffer: 1024 * 1024,
    // Plugins find their own configuration in the environment, as with kubectl.
    env: {
      ...process.env,
      ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({
        apiVersion: plugin.apiVersion,
        kind: 'ExecCredential',
        spec: { interactive: false },
      }),
    },
  });

  const status = (
    JSON.parse(stdout) as { status?: { token?: string; expirationTimestamp?: string } }
  ).status;

  if (!status?.token) {
    throw new KubeconfigError(`credential plugin ${plugin.command} printed no token`);
  }

  const until = status.expirationTimestamp
    ? Date.parse(status.expirationTimestamp) - 30_000
    : Number.POSITIVE_INFINITY;

  return { token: status.token, until };
}

/** Returns how to get a new token, for credentials that expire. */
function renewalOf({ exec, tokenFile }: ClusterConfig): (() => Promise<Token>) | undefined {
  if (exec) {
    return () => runPlugin(exec);
  }
  if (!tokenFile) {
    return undefined;
  }

  return async () => ({
    token: (await readFile(tokenFile, 'utf8')).trim(),
    until: Date.now() + TOKEN_FILE_MS,
  });
}

/** Returns the Authorization header of credentials that do not expire. */
function fixedHeader({ token, username, password = '' }: ClusterConfig): string {
  if (token) {
    return `Bearer ${token}`;
  }
  if (username === undefined) {
    return '';
  }

  return basicAuthorization(username, password);
}

/**
 * Returns the credentials that a cluster's configuration asks for. Credentials that expire are
 * renewed when due, one renewal at a time.
 */
export function credentialsOf(config: ClusterConfig): Credentials {
  const renew = renewalOf(config);

  if (renew) {
    let current: Promise<Token> | undefined;
    let until = 0;

    return async () => {
      if (!current || Date.now() >= until) {
        until = Number.POSITIVE_INFINITY;
        current = renew();
        current.then(
          (renewed) => (until = renewed.until),
          () => (current = undefined),
        );
      }

      return `Bearer ${(await current).token}`;
    };
  }

  const fixed = fixedHeader(config);

  return async () => fixed;
}
