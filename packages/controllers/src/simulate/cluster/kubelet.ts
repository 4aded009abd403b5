import { createHash } from 'node:crypto';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import { type Cluster, SIMULATED } from '../cluster.ts';
import { keyOf } from '../objects.ts';
import { containerStatuses, podConditions, type Run } from './pod-status.ts';

/** How long things take, in milliseconds. */
export interface Pace {
  /** Containers start after half of this to all of it. */
  startMs: number;
  /**
   * How long containers run whose pods are to end (restartPolicy OnFailure or Never), unless their
   * pod says otherwise.
   */
  runMs: number;
  /** How long deleted pods take to stop; their grace period when that is shorter. */
  stopMs: number;
}

/** What the annotations of a pod say about its simulation. */
const ANNOTATION = 'simulation.ks-apiserver.io/';

/** Pause between two runs of a container that failed, in milliseconds. */
const RESTART_MS = 1000;

/**
 * What is known of a pod besides its status: when its next step is due, in milliseconds of
 * performance.now().
 */
interface Progress {
  uid: string;
  startsAt: number;
  endsAt: number;
}

/** Whether a pod's containers end by themselves. */
function ends({ spec }: KubeObject): boolean {
  return spec.restartPolicy === 'OnFailure' || spec.restartPolicy === 'Never';
}

/** Returns the phase of a pod whose containers are in a state. */
function phaseOf(run: Run, exitCode = 0): string {
  switch (run) {
    case 'creating':
      return 'Pending';
    case 'ended':
      return exitCode === 0 ? 'Succeeded' : 'Failed';
    default:
      return 'Running';
  }
}

/** Returns the address of a pod in the node's range; always the same for one pod. */
function addressOf(cluster: Cluster, pod: KubeObject): string {
  const cidr: string = cluster.nodes.get(`/${pod.spec.nodeName}`)?.spec?.podCIDR ?? '10.244.0.0/24';
  const [a, b] = cidr.split('.');
  const [c = 0, d = 0] = createHash('sha256')
    .update(pod.metadata.uid ?? '')
    .digest();
  return `${a}.${b}.${c}.${1 + (d % 254)}`;
}

/**
 * Acts as the kubelets of simulated nodes: pods that are bound to them start, become ready, end
 * when they are to, and stop when deleted.
 */
export function kubeletReconciler(cluster: Cluster, pace: Pace): Reconciler {
  const progress = new Map<string, Progress>();
  const runs = (pod: PersistedObject) =>
    cluster.nodes.get(`/${pod.spec.nodeName}`)?.metadata.annotations?.[SIMULATED] === 'true';

  /** Removes a deleted pod once its containers have had time to stop. */
  async function stop(pod: PersistedObject, key: string): Promise<number | undefined> {
    const state = progress.get(key);
    if (!state || state.endsAt !== Number.NEGATIVE_INFINITY) {
      const grace = Math.min(pace.stopMs, 1000 * (pod.metadata.deletionGracePeriodSeconds ?? 0));

      for (const { name } of pod.spec.containers) {
        cluster.record('kubelet', pod, 'Killing', `Stopping container ${name}`);
      }

      progress.set(key, {
        uid: pod.metadata.uid,
        startsAt: performance.now() + grace,
        endsAt: Number.NEGATIVE_INFINITY,
      });

      return grace;
    }

    const left = state.startsAt - performance.now();
    if (left > 0) {
      return left;
    }

    progress.delete(key);
    await cluster.pods.delete(pod, 0);

    return undefined;
  }

  async function create(pod: PersistedObject, key: string): Promise<number> {
    const startsIn = pace.startMs * (0.5 + Math.random() / 2);
    progress.set(key, {
      uid: pod.metadata.uid,
      startsAt: performance.now() + startsIn,
      endsAt: Number.POSITIVE_INFINITY,
    });

    if (!pod.status?.startTime) {
      await setStatus(pod, 'creating');
    }

    return startsIn;
  }

  async function setStatus(
    pod: KubeObject,
    run: Run,
    extra: { restarts?: number; exitCode?: number } = {},
  ): Promise<void> {
    const node = cluster.nodes.get(`/${pod.spec.nodeName}`);
    const hostIP = node?.status?.addresses?.[0]?.address as string | undefined;
    const podIP = run === 'creating' ? undefined : (pod.status?.podIP ?? addressOf(cluster, pod));
    const ready = run === 'running' && pod.metadata.annotations?.[`${ANNOTATION}ready`] !== 'false';

    await cluster.pods.setStatus(pod, {
      ...pod.status,
      observedGeneration: pod.metadata.generation,
      phase: phaseOf(run, extra.exitCode),
      conditions: podConditions(pod, run, { ready }),
      ...(hostIP && { hostIP, hostIPs: [{ ip: hostIP }] }),
      ...(podIP && { podIP, podIPs: [{ ip: podIP }] }),
      startTime: pod.status?.startTime ?? timestamp(),
      ...containerStatuses(pod, run, { ready, ...extra }),
    });
  }

  async function start(
    pod: PersistedObject,
    key: string,
    restarts: number,
  ): Promise<number | undefined> {
    await setStatus(pod, 'running', { restarts });

    for (const { name, image } of pod.spec.containers) {
      const what = `(simulated, nothing runs)`;
      cluster.record(
        'kubelet',
        pod,
        'Pulled',
        `Container image "${image}" already present on machine ${what}`,
      );

      cluster.record('kubelet', pod, 'Created', `Created container: ${name}`);
      cluster.record('kubelet', pod, 'Started', `Started container ${name} ${what}`);
    }

    return ends(pod) ? scheduleEnd(pod, key) : undefined;
  }

  function scheduleEnd(pod: PersistedObject, key: string): number {
    const asked = Number(pod.metadata.annotations?.[`${ANNOTATION}run-seconds`]);
    const runsFor = asked >= 0 ? asked * 1000 : pace.runMs;
    progress.set(key, { uid: pod.metadata.uid, startsAt: 0, endsAt: performance.now() + runsFor });
    return runsFor;
  }

  /** The containers have ended: the pod ends too, or they are started again. */
  async function end(pod: PersistedObject, key: string): Promise<number | undefined> {
    const exitCode = Number(pod.metadata.annotations?.[`${ANNOTATION}exit-code`] ?? 0) || 0;
    const restarts: number = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;

    if (exitCode !== 0 && pod.spec.restartPolicy === 'OnFailure') {
      await setStatus(pod, 'restarting', { restarts: restarts + 1, exitCode });

      progress.set(key, {
        uid: pod.metadata.uid,
        startsAt: performance.now() + RESTART_MS,
        endsAt: Number.POSITIVE_INFINITY,
      });

      return RESTART_MS;
    }

    progress.delete(key);
    await setStatus(pod, 'ended', { restarts, exitCode });

    return undefined;
  }

  return {
    name: 'simulated-kubelet',
    sources: [
      {
        informer: cluster.pods.informer,
        keys: ({ entry }) => (objectOf(entry).spec.nodeName ? [keyOf(objectOf(entry))] : []),
      },
    ],
    about: (key) => cluster.pods.get(key),
    async reconcile(key) {
      const pod = cluster.pods.get(key);
      if (!pod?.spec.nodeName || !runs(pod)) {
        progress.delete(key);
        return undefined;
      }

      if (progress.get(key)?.uid !== pod.metadata.uid) {
        progress.delete(key);
      }
      if (pod.metadata.deletionTimestamp) {
        return stop(pod, key);
      }

      const { phase } = pod.status ?? {};
      if (phase === 'Succeeded' || phase === 'Failed') {
        return undefined;
      }

      const isRunning = pod.status?.containerStatuses?.[0]?.state?.running !== undefined;
      const state = progress.get(key);

      if (isRunning) {
        if (!ends(pod)) {
          return undefined;
        }
        if (!state || state.endsAt === Number.POSITIVE_INFINITY) {
          return scheduleEnd(pod, key);
        }

        const left = state.endsAt - performance.now();

        return left > 0 ? left : end(pod, key);
      }

      if (!claimsBound(cluster, pod)) {
        return 200;
      }
      if (!state) {
        return create(pod, key);
      }

      const left = state.startsAt - performance.now();
      if (left > 0) {
        return left;
      }

      return start(pod, key, pod.status?.containerStatuses?.[0]?.restartCount ?? 0);
    },
  };
}

/** Whether the volumes that a pod mounts exist. */
function claimsBound(cluster: Cluster, pod: PersistedObject): boolean {
  const volumes = (pod.spec.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[];

  return volumes.every(({ persistentVolumeClaim: claim }) => {
    if (!claim) {
      return true;
    }

    return (
      cluster.claims.get(`${pod.metadata.namespace}/${claim.claimName}`)?.status?.phase === 'Bound'
    );
  });
}
