import { parseArgs } from 'node:util';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { type ClusterConfig, loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import type { Change } from './apply.ts';
import { install } from './install.ts';

const usage = `Usage: ks-apiserver install [--kubeconfig FILE]

Applies the CRDs and built-in objects of KubeSphere to a cluster and says what it changed. Without --kubeconfig it uses
the ServiceAccount of the pod that it runs in. May be run again at any time; fields that others changed stay theirs.
`;

/** What the command gets from the process. */
export interface InstallCommandOptions {
  /**
   * Returns the configuration of the cluster in whose pod this runs; called without --kubeconfig.
   */
  inCluster: () => Promise<ClusterConfig>;
  out: (line: string) => void;
  error: (line: string) => void;
}

function line({ object, result, error }: Change): string {
  return error ? `${object} ${result}: ${error.message}` : `${object} ${result}`;
}

/**
 * Runs `ks-apiserver install`; `args` are the arguments after the word install. Returns the exit
 * code.
 */
export async function installCommand(
  args: readonly string[],
  options: InstallCommandOptions,
): Promise<number> {
  let values: { kubeconfig?: string; help?: boolean };

  try {
    values = parseArgs({
      args: [...args],
      options: { kubeconfig: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    options.error((error as Error).message);
    return 1;
  }

  if (values.help) {
    options.out(usage.trimEnd());
    return 0;
  }

  try {
    const config = await (values.kubeconfig === undefined
      ? options.inCluster()
      : loadKubeconfig(values.kubeconfig));
    const transport = new RemoteTransport(config);

    try {
      const changes = await install(new KubeClient(transport));
      for (const change of changes) {
        if (change.result !== 'unchanged') {
          options.out(line(change));
        }
      }

      const count = (result: Change['result']) =>
        changes.filter((change) => change.result === result).length;
      const results = ['created', 'configured', 'unchanged', 'kept', 'failed'] as const;

      options.out(results.map((result) => `${count(result)} ${result}`).join(', '));

      return count('failed') > 0 ? 1 : 0;
    } finally {
      await transport.close();
    }
  } catch (error) {
    options.error(error instanceof Error ? error.message : toStatusError(error).message);
    return 1;
  }
}
