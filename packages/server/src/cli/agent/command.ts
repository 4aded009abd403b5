import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { ClusterConfig } from '@ks-apiserver/client/kube/kubeconfig';
import { Agent } from '@ks-apiserver/tower/agent/agent';
import type { Logger } from 'pino';
import { type AgentSettings, readAgentSettings, USAGE } from './settings.ts';

/** What the command gets from the process. */
export interface AgentCommandContext {
  /** Returns the configuration of the cluster in whose pod this runs. */
  inCluster: () => Promise<ClusterConfig>;
  version: string;
  log: Logger;
  /** Aborted when the agent is to stop. */
  signal: AbortSignal;
  out: (line: string) => void;
  error: (line: string) => void;
}

function agentOf(settings: AgentSettings, log: Logger): Agent {
  return new Agent({
    ...settings,
    log: { info: (line) => log.info(line), warn: (line) => log.warn(line) },
  });
}

/**
 * Runs `ks-apiserver agent` until it is to stop; `args` are the arguments after the word agent.
 * Returns the exit code.
 */
export async function agentCommand(
  args: readonly string[],
  { inCluster, version, log, signal, out, error }: AgentCommandContext,
): Promise<number> {
  try {
    const settings = await readAgentSettings(args, { inCluster, version });
    if (!settings) {
      out(USAGE.trimEnd());
      return 0;
    }

    await agentOf(settings, log).run(signal);

    return 0;
  } catch (failure) {
    error(messageOf(failure));
    return 1;
  }
}
