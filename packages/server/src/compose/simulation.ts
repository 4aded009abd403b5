import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { LogLine } from '@ks-apiserver/controllers/simulate/logs/log-lines';
import type { SqliteStore } from '@ks-apiserver/search/store/sqlite-store';
import type { Logger } from 'pino';
import type { Config } from '../config/config-schema.ts';

const START_MS = 60_000;

/** What is simulated, and where its logs go; they go nowhere without a store. */
export interface SimulationContext {
  config: Config;
  client: KubeClient;
  store: Pick<SqliteStore, 'append'> | undefined;
  /** The version of Kubernetes that nodes show. */
  version: string;
  log: Logger;
}

/** Returns a line as Fluent Bit writes it; the same line has the same id. */
function documentOf({ namespace, pod, container, image, containerId, time, text }: LogLine) {
  return {
    id: `${containerId}/${time}`,
    json: JSON.stringify({
      log: text,
      time: new Date(time).toISOString(),
      kubernetes: {
        namespace_name: namespace,
        pod_name: pod,
        container_name: container,
        container_image: image,
        docker_id: containerId,
      },
    }),
  };
}

/** Starts the simulation of workloads; returns a function that stops it. */
export async function simulate(context: SimulationContext): Promise<() => Promise<void>> {
  const { config, client, store, version, log } = context;
  const { nodes, startDelay, runDuration } = config.simulation;

  // The simulation's code is loaded only when it is used.
  const { startSimulation } = await import('@ks-apiserver/controllers/simulate/simulation');

  return startSimulation(
    {
      client,
      nodes,
      version,
      pace: { startMs: startDelay, runMs: runDuration, stopMs: startDelay },
      ...(store && {
        takeLogs: (lines: readonly LogLine[]) => store.append('logs', lines.map(documentOf)),
      }),
      onFailure: (controller, key, err) =>
        log.error({ controller, key, err }, 'a controller failed and will try again'),
      onError: (err) => log.warn({ err }, 'the simulation cannot write'),
    },
    AbortSignal.timeout(START_MS),
  );
}
