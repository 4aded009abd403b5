import type { Change } from '../../install/apply.ts';
import { type CommandContext, describeChange, runClusterCommand } from '../cluster-command.ts';
import { importObjects } from './import-objects.ts';

const usage = `usage: ks-apiserver import --from FILE [--kubeconfig FILE] [--dry-run]

Imports from another cluster with KubeSphere 3.x: users with their passwords, roles, workspaces, projects and their
members, quotas and limits. Existing objects stay as they are. Workloads are not imported.

  --from FILE         kubeconfig of the source cluster, with the right to read everything there
  --kubeconfig FILE   kubeconfig of the target cluster; for the embedded API it is pki/admin.kubeconfig in its data
                      directory. Default: the cluster of the pod that this runs in.
  --dry-run           print what would be created, and write nothing
`;

const options = {
  from: { type: 'string' },
  kubeconfig: { type: 'string' },
  'dry-run': { type: 'boolean' },
} as const;

/** Runs `ks-apiserver import`; `args` are those after the word import. Returns the exit code. */
export function importCommand(args: readonly string[], context: CommandContext): Promise<number> {
  return runClusterCommand(
    {
      usage,
      options,
      async run({ from, kubeconfig, 'dry-run': dryRun = false }, connect, out) {
        if (from === undefined) {
          throw new Error(
            'import needs --from with the kubeconfig of the source cluster (import --help)',
          );
        }

        const counts: Record<Change['result'], number> = {
          created: 0,
          configured: 0,
          unchanged: 0,
          kept: 0,
          failed: 0,
        };

        await importObjects({
          from: await connect(from),
          to: await connect(kubeconfig || undefined),
          dryRun,
          onChange: (change) => {
            counts[change.result] += 1;
            if (change.result !== 'kept') {
              out(describeChange(change));
            }
          },
        });

        const { created, kept, failed } = counts;
        out(
          `${created} created, ${kept} there already, ${failed} failed${dryRun ? ' (dry run)' : ''}`,
        );

        return failed > 0 ? 1 : 0;
      },
    },
    args,
    context,
  );
}
