import { parseArgs } from 'node:util';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import type { Change } from '../../install/apply.ts';
import type { InstallCommandOptions } from '../../install/command.ts';
import { importObjects } from './import-objects.ts';

const usage = `usage: ks-apiserver import --from FILE [--kubeconfig FILE] [--dry-run]

Creates in a cluster what people have made in KubeSphere 3.x of another one: users with their passwords, roles, workspaces,
projects and their members, quotas and limits. What is there already stays as it is. Workloads are not imported.

  --from FILE         kubeconfig of the cluster that is read, for who may read everything there
  --kubeconfig FILE   kubeconfig of the cluster that is written to: that of the embedded API is pki/admin.kubeconfig in
                      its data directory. Without it, the cluster of the pod that this runs in.
  --dry-run           write nothing, tell what would be created unless it is there
`;

/** Runs `ks-apiserver import`; `args` are those after the word import. Answers the exit code. */
export async function importCommand(
  args: readonly string[],
  { inCluster, out, error }: InstallCommandOptions,
): Promise<number> {
  let values: { from?: string; kubeconfig?: string; 'dry-run'?: boolean; help?: boolean };

  try {
    values = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        kubeconfig: { type: 'string' },
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (problem) {
    error((problem as Error).message);
    return 1;
  }

  if (values.help) {
    out(usage.trimEnd());
    return 0;
  }

  if (values.from === undefined) {
    error('import needs --from with the kubeconfig of the cluster that is read (import --help)');
    return 1;
  }

  const transports: RemoteTransport[] = [];

  try {
    const source = new RemoteTransport(await loadKubeconfig(values.from));
    transports.push(source);

    const target = new RemoteTransport(
      await (values.kubeconfig ? loadKubeconfig(values.kubeconfig) : inCluster()),
    );
    transports.push(target);

    const counts: Record<Change['result'], number> = {
      created: 0,
      configured: 0,
      unchanged: 0,
      kept: 0,
      failed: 0,
    };

    await importObjects({
      from: new KubeClient(source),
      to: new KubeClient(target),
      dryRun: values['dry-run'] === true,
      onChange: (change) => {
        counts[change.result] += 1;
        if (change.result !== 'kept') {
          out(
            `${change.object} ${change.result}${change.error ? `: ${change.error.message}` : ''}`,
          );
        }
      },
    });

    const { created, kept, failed } = counts;
    out(
      `${created} created, ${kept} there already, ${failed} failed${values['dry-run'] ? ' (dry run)' : ''}`,
    );

    return failed > 0 ? 1 : 0;
  } catch (problem) {
    error(problem instanceof Error ? problem.message : toStatusError(problem).message);
    return 1;
  } finally {
    await Promise.all(transports.map((transport) => transport.close()));
  }
}
