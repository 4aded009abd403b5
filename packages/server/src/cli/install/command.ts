import { install } from '../../install/install.ts';
import { type CommandContext, describeChange, runClusterCommand } from '../cluster-command.ts';

const usage = `Usage: ks-apiserver install [--kubeconfig FILE]

Applies the CRDs and built-in objects of KubeSphere to a cluster and prints the changes. Without --kubeconfig it uses the
ServiceAccount of the pod that it runs in. It can be run again at any time, and keeps the changes of other users.
`;

const RESULTS = ['created', 'configured', 'unchanged', 'kept', 'failed'] as const;

/**
 * Runs `ks-apiserver install`; `args` are the arguments after the word install. Returns the exit
 * code.
 */
export function installCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const options = { kubeconfig: { type: 'string' } } as const;

  return runClusterCommand(
    {
      usage,
      options,
      async run({ kubeconfig }, connect, out) {
        const changes = await install(await connect(kubeconfig));

        for (const change of changes) {
          if (change.result !== 'unchanged') {
            out(describeChange(change));
          }
        }

        const counts = RESULTS.map(
          (result) => changes.filter((change) => change.result === result).length,
        );

        out(RESULTS.map((result, i) => `${counts[i]} ${result}`).join(', '));

        return changes.some(({ result }) => result === 'failed') ? 1 : 0;
      },
    },
    args,
    context,
  );
}
