import { install } from '../../install/install.ts';
import { type CommandContext, describeChange, runClusterCommand } from '../cluster-command.ts';
import { monitoringRules } from './monitoring-rules.ts';

const usage = `Usage: ks-apiserver install [--kubeconfig FILE] [--federation]

Applies the CRDs and built-in objects of KubeSphere to a cluster and prints the changes. Without --kubeconfig it uses the
ServiceAccount of the pod that it runs in. It can be run again at any time, and keeps the changes of other users. With
--federation it also applies the CRDs of objects that a host propagates to its member clusters.

       ks-apiserver install --monitoring-rules [--kube-state-metrics 1|2] [--node-exporter upstream|kubesphere]

Prints the recording rules behind the monitoring API as a PrometheusRule, to be applied with kubectl. The options say what
Prometheus scrapes: the major version of kube-state-metrics (default 2), and whose node exporter (default upstream).
`;

const RESULTS = ['created', 'configured', 'unchanged', 'kept', 'failed'] as const;

/**
 * Runs `ks-apiserver install`; `args` are the arguments after the word install. Returns the exit
 * code.
 */
export function installCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const options = {
    kubeconfig: { type: 'string' },
    federation: { type: 'boolean' },
    'monitoring-rules': { type: 'boolean' },
    'kube-state-metrics': { type: 'string' },
    'node-exporter': { type: 'string' },
  } as const;

  return runClusterCommand(
    {
      usage,
      options,
      async run(values, connect, out) {
        if (values['monitoring-rules']) {
          out(monitoringRules(values));
          return 0;
        }

        const changes = await install(await connect(values.kubeconfig), {
          federation: values.federation === true,
        });

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
