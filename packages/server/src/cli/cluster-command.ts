import { type ParseArgsConfig, parseArgs } from 'node:util';
import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { type ClusterConfig, loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import type { Change } from '../install/apply.ts';

/** What a command gets from the process. */
export interface CommandContext {
  /**
   * Returns the configuration of the cluster in whose pod this runs; called without --kubeconfig.
   */
  inCluster: () => Promise<ClusterConfig>;
  out: (line: string) => void;
  error: (line: string) => void;
}

/** Options of a command, as `parseArgs` describes them. */
export type OptionDefinitions = NonNullable<ParseArgsConfig['options']>;

/** The values of a command's options. */
export type Values<T extends OptionDefinitions> = ReturnType<
  typeof parseArgs<{ options: T }>
>['values'];

/** Connects to the cluster of a kubeconfig file, or of the pod that this runs in. */
export type Connect = (kubeconfig: string | undefined) => Promise<KubeClient>;

/** A command that works on clusters. */
export interface ClusterCommand<T extends OptionDefinitions> {
  usage: string;
  options: T;
  /** Runs the command and returns its exit code; what it throws is printed, with exit code 1. */
  run(values: Values<T>, connect: Connect, out: CommandContext['out']): Promise<number>;
}

/** Describes a change of an object in one line. */
export function describeChange({ object, result, error }: Change): string {
  return error ? `${object} ${result}: ${error.message}` : `${object} ${result}`;
}

/**
 * Parses the arguments of a command, prints its usage or runs it, and closes its connections.
 * Returns the exit code.
 */
export async function runClusterCommand<T extends OptionDefinitions>(
  { usage, options, run }: ClusterCommand<T>,
  args: readonly string[],
  { inCluster, out, error }: CommandContext,
): Promise<number> {
  const transports: RemoteTransport[] = [];

  const connect: Connect = async (kubeconfig) => {
    const config = await (kubeconfig === undefined ? inCluster() : loadKubeconfig(kubeconfig));
    const transport = new RemoteTransport(config);

    transports.push(transport);

    return new KubeClient(transport);
  };

  try {
    const config: ParseArgsConfig = {
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    };

    const { values } = parseArgs(config);

    if (values.help) {
      out(usage.trimEnd());
      return 0;
    }

    return await run(values as Values<T>, connect, out);
  } catch (problem) {
    error(problem instanceof Error ? problem.message : toStatusError(problem).message);
    return 1;
  } finally {
    await Promise.all(transports.map((transport) => transport.close()));
  }
}
