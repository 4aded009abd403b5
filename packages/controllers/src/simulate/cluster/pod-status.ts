import { createHash } from 'node:crypto';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Condition, conditionOf } from './pods.ts';

/**
 * State of a pod's containers: being created, running, waiting to be run again after a failure, or
 * ended.
 */
export type Run = 'creating' | 'running' | 'restarting' | 'ended';

interface Container {
  name: string;
  image: string;
}

/** Reason in every pod's status that says that it is only simulated. */
const MESSAGE = 'simulated by ks-apiserver: no container runs';

/** Returns the conditions of a pod; times change only with the state. */
export function podConditions(
  pod: KubeObject,
  run: Run,
  { ready }: { ready: boolean },
): Condition[] {
  const time = timestamp();
  const completed = run === 'ended';
  const readiness = ready ? 'True' : 'False';

  const unready = completed
    ? { reason: 'PodCompleted' }
    : {
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${names(pod).join(' ')}]`,
      };

  const of = (type: string, status: Condition['status'], why: Partial<Condition>): Condition => {
    const before = conditionOf(pod, type);
    const lastTransitionTime =
      before?.status === status ? (before.lastTransitionTime ?? time) : time;

    return { type, status, ...why, lastProbeTime: null, lastTransitionTime };
  };

  return [
    of(
      'PodReadyToStartContainers',
      run === 'running' || run === 'restarting' ? 'True' : 'False',
      {},
    ),
    of('Initialized', 'True', completed ? { reason: 'PodCompleted' } : {}),
    of('Ready', readiness, ready ? { message: MESSAGE } : unready),
    of('ContainersReady', readiness, ready ? {} : unready),
    of('PodScheduled', 'True', {}),
  ];
}

function names({ spec }: KubeObject): string[] {
  return (spec.containers as Container[]).map(({ name }) => name);
}

/** Returns the statuses of a pod's containers. */
export function containerStatuses(
  pod: KubeObject,
  run: Run,
  { ready, restarts = 0, exitCode = 0 }: { ready: boolean; restarts?: number; exitCode?: number },
) {
  const time = timestamp();
  const idOf = (name: string) =>
    `simulated://${createHash('sha256').update(`${pod.metadata.uid}/${name}/${restarts}`).digest('hex')}`;

  const before = (name: string) =>
    (
      (pod.status?.containerStatuses ?? []) as {
        name: string;
        state?: { running?: { startedAt: string } };
      }[]
    ).find((status) => status.name === name);

  const terminated = (name: string, code: number) => ({
    exitCode: code,
    reason: code === 0 ? 'Completed' : 'Error',
    startedAt: before(name)?.state?.running?.startedAt ?? time,
    finishedAt: time,
    containerID: idOf(name),
  });

  const status = ({ name, image }: Container) => {
    const made = run !== 'creating';

    const common = {
      name,
      image,
      imageID: made ? `simulated://${image}` : '',
      restartCount: restarts,
    };

    if (run === 'creating') {
      return {
        ...common,
        ready: false,
        started: false,
        state: { waiting: { reason: 'ContainerCreating' } },
        lastState: {},
      };
    }

    const containerID = idOf(name);

    if (run === 'running') {
      const startedAt = before(name)?.state?.running?.startedAt ?? time;

      return {
        ...common,
        containerID,
        ready,
        started: true,
        state: { running: { startedAt } },
        lastState: {},
      };
    }

    const end = { terminated: terminated(name, exitCode) };

    if (run === 'ended') {
      return { ...common, containerID, ready: false, started: false, state: end, lastState: {} };
    }

    const waiting = {
      reason: 'CrashLoopBackOff',
      message: 'the container failed and is started again soon',
    };

    return {
      ...common,
      containerID,
      ready: false,
      started: false,
      state: { waiting },
      lastState: end,
    };
  };

  const initialized = ({ name, image }: Container) => ({
    name,
    image,
    imageID: `simulated://${image}`,
    restartCount: 0,
    ready: true,
    started: false,
    containerID: idOf(name),
    state: { terminated: terminated(name, 0) },
    lastState: {},
  });

  const inits = (pod.spec.initContainers ?? []) as Container[];

  return {
    containerStatuses: (pod.spec.containers as Container[]).map(status),
    ...(inits.length > 0 &&
      run !== 'creating' && {
        initContainerStatuses: pod.status?.initContainerStatuses ?? inits.map(initialized),
      }),
  };
}
