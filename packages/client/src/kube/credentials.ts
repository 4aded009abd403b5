import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type ClusterConfig, type ExecPlugin, KubeconfigError } from './kubeconfig.ts';

/** How long a token read from a file is used before the file is read again, in milliseconds. */
const TOKEN_FILE_MS = 60_000;
const EXEC_TIMEOUT_MS = 60_000;

/**
 * Answers the Authorization header for a call, '' when the client certificate alone says who calls.
 */
export type Credentials = () => Promise<string>;

async function runPlugin(plugin: ExecPlugin): Promise<{ token: string; until: number }> {
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

/**
 * The credentials that a cluster's configuration asks for; rotating ones are renewed when due, one
 * renewal at a time.
 */
export function credentialsOf(config: ClusterConfig): Credentials {
  const renew = config.exec
    ? () => runPlugin(config.exec!)
    : config.tokenFile
      ? async () => ({
          token: (await readFile(config.tokenFile!, 'utf8')).trim(),
          until: Date.now() + TOKEN_FILE_MS,
        })
      : undefined;

  if (renew) {
    let current: Promise<{ token: string; until: number }> | undefined;
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

  const fixed = config.token
    ? `Bearer ${config.token}`
    : config.username !== undefined
      ? `Basic ${Buffer.from(`${config.username}:${config.password ?? ''}`).toString('base64')}`
      : '';

  return async () => fixed;
}
