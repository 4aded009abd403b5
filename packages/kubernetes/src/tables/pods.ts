import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Condition, listOf } from '../registry/resources/core-types.ts';
import { age, type Cell, orNone, type Printer, printer, since } from './printer.ts';

interface ContainerStatus {
  name: string;
  ready?: boolean;
  started?: boolean;
  restartCount?: number;
  state?: State;
  lastState?: State;
}

interface State {
  running?: object;
  waiting?: { reason?: string };
  terminated?: { exitCode?: number; signal?: number; reason?: string; finishedAt?: string };
}

class Restarts {
  count = 0;
  last = '';

  add(status: ContainerStatus): void {
    this.count += status.restartCount ?? 0;

    const finished = status.lastState?.terminated?.finishedAt ?? '';
    if (finished > this.last) {
      this.last = finished;
    }
  }
}

function terminatedReason({ reason, signal, exitCode }: NonNullable<State['terminated']>): string {
  if (reason) {
    return reason;
  }
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
}

function isTrue(conditions: readonly Condition[], type: string): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === 'True');
}

interface Summary {
  reason: string;
  ready: number;
  restarts: Restarts;
}

function sidecarsOf(pod: KubeObject): Set<string> {
  const containers = listOf<{ name: string; restartPolicy?: string }>(pod.spec?.initContainers);
  return new Set(containers.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
}

/** The progress of the init containers as a reason; undefined once they are done. */
function initReason(
  pod: KubeObject,
  sidecars: Set<string>,
  all: Restarts,
  ofSidecars: Restarts,
): [string | undefined, number] {
  let ready = 0;

  for (const [index, status] of listOf<ContainerStatus>(
    pod.status?.initContainerStatuses,
  ).entries()) {
    all.add(status);

    const sidecar = sidecars.has(status.name);
    if (sidecar) {
      ofSidecars.add(status);
    }

    const { terminated, waiting } = status.state ?? {};
    if (terminated && !terminated.exitCode) {
      continue;
    }

    if (sidecar && status.started) {
      if (status.ready) {
        ready++;
      }
      continue;
    }

    if (terminated) {
      return [`Init:${terminatedReason(terminated)}`, ready];
    }
    if (waiting?.reason && waiting.reason !== 'PodInitializing') {
      return [`Init:${waiting.reason}`, ready];
    }

    return [`Init:${index}/${pod.spec?.initContainers?.length ?? 0}`, ready];
  }

  return [undefined, ready];
}

function summarize(pod: KubeObject): Summary {
  const conditions = listOf<Condition>(pod.status?.conditions);
  const phase: string = pod.status?.phase ?? '';
  let reason: string = pod.status?.reason || phase;
  if (conditions.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')) {
    reason = 'SchedulingGated';
  }

  let restarts = new Restarts();
  const sidecarRestarts = new Restarts();
  const [init, sidecarsReady] = initReason(pod, sidecarsOf(pod), restarts, sidecarRestarts);
  let ready = sidecarsReady;

  if (init !== undefined) {
    reason = init;
  }

  if (init === undefined || isTrue(conditions, 'Initialized')) {
    restarts = sidecarRestarts;

    let running = false;
    let error = '';

    for (const status of listOf<ContainerStatus>(pod.status?.containerStatuses).toReversed()) {
      restarts.add(status);

      const { waiting, terminated, running: isRunning } = status.state ?? {};
      if (waiting?.reason) {
        reason = waiting.reason;
      } else if (terminated) {
        reason = terminatedReason(terminated);
        if (terminated.exitCode) {
          error = reason;
        }
      } else if (status.ready && isRunning) {
        running = true;
        ready++;
      }
    }

    if (reason === 'Completed') {
      if (running && isTrue(conditions, 'Ready')) {
        reason = 'Running';
      } else if (error !== '') {
        reason = error;
      } else if (running) {
        reason = 'NotReady';
      }
    }
  }

  if (pod.metadata.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') {
      reason = 'Unknown';
    } else if (phase !== 'Succeeded' && phase !== 'Failed') {
      reason = 'Terminating';
    }
  }

  return { reason, ready, restarts };
}

function readinessGates(pod: KubeObject): string {
  const gates = listOf<{ conditionType: string }>(pod.spec?.readinessGates);
  if (gates.length === 0) {
    return '<none>';
  }

  const conditions = listOf<Condition>(pod.status?.conditions);

  return `${gates.filter((gate) => isTrue(conditions, gate.conditionType)).length}/${gates.length}`;
}

function podCells(pod: KubeObject, now: number): Cell[] {
  const { reason, ready, restarts } = summarize(pod);
  const total = (pod.spec?.containers?.length ?? 0) + sidecarsOf(pod).size;
  const ago =
    restarts.count > 0 && restarts.last !== '' ? ` (${since(restarts.last, now)} ago)` : '';

  return [
    pod.metadata.name ?? '',
    `${ready}/${total}`,
    reason,
    `${restarts.count}${ago}`,
    age(pod, now),
    orNone(pod.status?.podIPs?.[0]?.ip),
    orNone(pod.spec?.nodeName),
    orNone(pod.status?.nominatedNodeName),
    readinessGates(pod),
  ];
}

/** Columns of pods. */
export const podPrinter: Printer = printer(
  'Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*',
  podCells,
);
