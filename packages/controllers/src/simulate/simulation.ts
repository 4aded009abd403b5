import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { Controller, type OnFailure } from '../runtime/controller.ts';
import { endpointsReconciler } from './cluster/endpoints.ts';
import { kubeletReconciler, type Pace } from './cluster/kubelet.ts';
import { SimulatedNodes } from './cluster/nodes.ts';
import { schedulerReconciler } from './cluster/scheduler.ts';
import { volumeReconciler } from './cluster/volumes.ts';
import { Cluster, SIMULATED } from './cluster.ts';
import { SimulatedLogs, type TakeLines } from './logs/simulated-logs.ts';
import { cronJobReconciler } from './workloads/cron-job.ts';
import { daemonSetReconciler } from './workloads/daemon-set.ts';
import { deploymentReconciler } from './workloads/deployment.ts';
import { simulatedJobReconciler } from './workloads/job.ts';
import { replicaSetReconciler, replicationControllerReconciler } from './workloads/replica-set.ts';
import { statefulSetReconciler } from './workloads/stateful-set.ts';

/** What is simulated, and how. */
export interface SimulationOptions {
  client: KubeClient;
  /** How many nodes there are. */
  nodes: number;
  /** The kubelet version that the nodes show. */
  version: string;
  pace: Pace;
  /** Takes what the containers write; without it they write nothing. */
  takeLogs?: TakeLines;
  onFailure: OnFailure;
  /** Called with failures outside of the controllers: heartbeats, events. */
  onError: (error: unknown) => void;
}

/**
 * Simulates the workloads of a cluster: writes what Kubernetes' controllers, its scheduler and its
 * kubelets would write, although nothing runs. Returns a function that stops it.
 */
export async function startSimulation(
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const { client, nodes, version, pace, takeLogs, onFailure, onError } = options;
  const cluster = new Cluster(client, onError);
  const kubelets = new SimulatedNodes(client, nodes, version, onError);
  const controllers: Controller[] = [];
  let logs: SimulatedLogs | undefined;

  const stop = async () => {
    await logs?.stop();
    await kubelets.stop();
    await Promise.all(controllers.map((controller) => controller.stop()));
    await cluster.stop();
  };

  try {
    await kubelets.start();
    await cluster.start(signal);
  } catch (error) {
    await stop();
    throw error;
  }

  const reconcilers = [
    schedulerReconciler(cluster),
    kubeletReconciler(cluster, pace),
    replicaSetReconciler(cluster),
    replicationControllerReconciler(cluster),
    deploymentReconciler(cluster),
    statefulSetReconciler(cluster),
    daemonSetReconciler(cluster),
    simulatedJobReconciler(cluster),
    cronJobReconciler(cluster),
    endpointsReconciler(cluster),
    volumeReconciler(cluster),
  ];

  for (const reconciler of reconcilers) {
    controllers.push(new Controller(reconciler, onFailure).start());
  }

  if (takeLogs) {
    logs = new SimulatedLogs(() => simulatedPods(cluster), takeLogs, onError);
  }

  return stop;
}

/** Returns the pods that seem to run on simulated nodes. */
function simulatedPods({ nodes, pods }: Cluster): KubeObject[] {
  return pods.all().filter(({ spec }) => {
    const node = spec?.nodeName && nodes.get(`/${spec.nodeName}`);
    return node && node.metadata.annotations?.[SIMULATED] === 'true';
  });
}
