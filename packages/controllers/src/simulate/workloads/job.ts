import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import {
  type Condition,
  conditionOf,
  createPods,
  deletePods,
  isActive,
  isReady,
  podOf,
  withoutZeros,
} from '../cluster/pods.ts';
import type { Cluster } from '../cluster.ts';
import { controllerKey } from '../keys.ts';
import { workloadReconciler } from './workload.ts';

const COMPONENT = 'job-controller';
const INDEX = 'batch.kubernetes.io/job-completion-index';

const INDEX_FIELD = { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } };

/** Why a Job has failed: reason and message. */
type Failure = [string, string] | undefined;

function indexOf(pod: PersistedObject): number {
  return Number(pod.metadata.annotations?.[INDEX] ?? -1);
}

function intervalText([from, to]: readonly [number, number]): string {
  if (from === to) {
    return `${from}`;
  }
  return to === from + 1 ? `${from},${to}` : `${from}-${to}`;
}

/** Returns indexes as Kubernetes writes them: `0,2-4`. */
export function intervals(indexes: readonly number[]): string {
  const parts: [number, number][] = [];

  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && index === last[1] + 1) {
      last[1] = index;
    } else {
      parts.push([index, index]);
    }
  }

  return parts.map(intervalText).join(',');
}

function condition(
  type: string,
  reason: string | undefined,
  message: string | undefined,
  status: 'True' | 'False' = 'True',
): Condition {
  return {
    type,
    status,
    lastProbeTime: timestamp(),
    lastTransitionTime: timestamp(),
    ...(reason && { reason }),
    ...(message && { message }),
  };
}

/** One reconciliation of a Job (Kubernetes "Jobs"). */
async function reconcile(cluster: Cluster, job: PersistedObject): Promise<number | undefined> {
  const { spec, status = {} } = job;
  if (
    conditionOf(job, 'Complete')?.status === 'True' ||
    conditionOf(job, 'Failed')?.status === 'True'
  ) {
    return expire(cluster, job);
  }

  const pods = () => cluster.pods.by('controller', job.metadata.uid);
  const indexed = spec.completionMode === 'Indexed';
  const done = pods().filter((pod) => pod.status?.phase === 'Succeeded');

  // Pods may be deleted once they have ended; they stay counted.
  const succeeded = indexed
    ? new Set(done.map(indexOf)).size
    : Math.max(done.length, status.succeeded ?? 0);

  const failed = Math.max(
    pods().filter((pod) => pod.status?.phase === 'Failed').length,
    status.failed ?? 0,
  );

  const restarts = pods().reduce(
    (all, pod) =>
      all +
      (pod.spec.restartPolicy === 'OnFailure'
        ? (pod.status?.containerStatuses?.[0]?.restartCount ?? 0)
        : 0),
    0,
  );

  const running = pods().filter(isActive);
  const completions: number | undefined = spec.completions ?? undefined;
  const complete =
    completions === undefined ? succeeded > 0 && running.length === 0 : succeeded >= completions;
  const failure = complete ? undefined : failureOf(job, failed + restarts);
  if (failure || spec.suspend) {
    await deletePods(cluster, COMPONENT, job, running);
  } else if (!complete) {
    // Without completions one success is enough, and nobody knows which pod will have it.
    const untilSuccess = succeeded > 0 ? 0 : Number.POSITIVE_INFINITY;
    const left = completions === undefined ? untilSuccess : completions - succeeded;

    const wanted = Math.min(spec.parallelism ?? 1, left);
    if (running.length > wanted) {
      await deletePods(cluster, COMPONENT, job, running.slice(wanted));
    } else if (running.length < wanted) {
      await createPods(
        cluster,
        COMPONENT,
        job,
        missing(job, pods(), done, wanted - running.length),
      );
    }
  }

  return write(cluster, job, {
    pods: pods().filter(isActive),
    succeeded,
    failed,
    complete,
    failure,
    done: indexed ? done : undefined,
  });
}

function failureOf({ spec, status }: PersistedObject, failures: number): Failure {
  if (failures > (spec.backoffLimit ?? 6)) {
    return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  }

  const { activeDeadlineSeconds: seconds } = spec;
  if (
    seconds !== undefined &&
    status?.startTime &&
    Date.now() - Date.parse(status.startTime) >= seconds * 1000
  ) {
    return ['DeadlineExceeded', 'Job was active longer than specified deadline'];
  }

  return undefined;
}

/**
 * Returns the pods that a Job needs next; those of an indexed Job each have the lowest free index.
 */
function missing(
  job: PersistedObject,
  pods: readonly PersistedObject[],
  done: readonly PersistedObject[],
  count: number,
): KubeObject[] {
  if (job.spec.completionMode !== 'Indexed') {
    return Array.from({ length: count }, () => podOf(job, job.spec.template));
  }

  const taken = new Set([...pods.filter(isActive), ...done].map(indexOf));
  const made: KubeObject[] = [];
  for (let index = 0; made.length < count && index < job.spec.completions; index++) {
    if (taken.has(index)) {
      continue;
    }

    const pod = podOf(job, job.spec.template);
    pod.metadata.generateName = `${job.metadata.name}-${index}-`;
    pod.metadata.annotations = { ...pod.metadata.annotations, [INDEX]: String(index) };
    pod.metadata.labels = { ...pod.metadata.labels, [INDEX]: String(index) };
    for (const container of pod.spec.containers) {
      container.env = [
        ...(container.env ?? []),
        { name: 'JOB_COMPLETION_INDEX', valueFrom: INDEX_FIELD },
      ];
    }

    pod.spec.hostname ??= `${job.metadata.name}-${index}`;
    made.push(pod);
  }

  return made;
}

interface Progress {
  pods: readonly PersistedObject[];
  succeeded: number;
  failed: number;
  complete: boolean;
  failure: Failure;
  /** Returns the succeeded pods of an indexed Job. */
  done: readonly PersistedObject[] | undefined;
}

async function write(
  cluster: Cluster,
  job: PersistedObject,
  { pods, succeeded, failed, complete, failure, done }: Progress,
): Promise<number | undefined> {
  const { spec, status = {} } = job;
  const suspended = conditionOf(job, 'Suspended');
  const conditions: Condition[] = [...(status.conditions ?? [])].filter(
    ({ type }) => type !== 'Suspended',
  );

  if (complete) {
    conditions.push(
      condition(
        'SuccessCriteriaMet',
        'CompletionsReached',
        'Reached expected number of succeeded pods',
      ),
      condition('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods'),
    );
  }

  if (failure) {
    conditions.push(condition('FailureTarget', ...failure), condition('Failed', ...failure));
  }

  if (spec.suspend) {
    conditions.push(
      suspended?.status === 'True'
        ? suspended
        : condition('Suspended', 'JobSuspended', 'Job suspended'),
    );
  } else if (suspended) {
    conditions.push(
      suspended.status === 'False'
        ? suspended
        : condition('Suspended', 'JobResumed', 'Job resumed', 'False'),
    );
  }

  const startTime = spec.suspend ? undefined : (status.startTime ?? timestamp());

  const next = {
    ...(conditions.length > 0 && { conditions }),
    ...(startTime && { startTime }),
    ...(complete && { completionTime: timestamp() }),
    ...withoutZeros({ active: pods.length, succeeded, failed }),
    ready: pods.filter(isReady).length,
    terminating: 0,
    ...(done &&
      done.length > 0 && { completedIndexes: intervals([...new Set(done.map(indexOf))]) }),
    uncountedTerminatedPods: {},
  };

  if (!equalJson(next, status)) {
    await cluster.jobs.setStatus(job, next);
  }
  if (spec.suspend && suspended?.status !== 'True') {
    cluster.record(COMPONENT, job, 'Suspended', 'Job suspended');
  }
  if (!spec.suspend && suspended?.status === 'True') {
    cluster.record(COMPONENT, job, 'Resumed', 'Job resumed');
  }
  if (complete) {
    cluster.record(COMPONENT, job, 'Completed', 'Job completed');
  }
  if (failure) {
    cluster.record(COMPONENT, job, failure[0], failure[1], 'Warning');
  }
  if (complete || failure || spec.activeDeadlineSeconds === undefined || !startTime) {
    return undefined;
  }

  return Math.max(100, Date.parse(startTime) + spec.activeDeadlineSeconds * 1000 - Date.now());
}

/** Deletes a Job that ended long enough ago. */
async function expire(cluster: Cluster, job: PersistedObject): Promise<number | undefined> {
  const seconds: number | undefined = job.spec.ttlSecondsAfterFinished;
  if (seconds === undefined) {
    return undefined;
  }

  const ended = conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
  const left = Date.parse(ended?.lastTransitionTime ?? '') + seconds * 1000 - Date.now();
  if (left > 0) {
    return left;
  }

  await cluster.jobs.delete(job);

  return undefined;
}

/** Reconciles Jobs. */
export function simulatedJobReconciler(cluster: Cluster): Reconciler {
  return workloadReconciler(
    COMPONENT,
    cluster.jobs,
    [
      {
        informer: cluster.pods.informer,
        keys: ({ entry }) => controllerKey(objectOf(entry), 'Job'),
      },
    ],
    (job) => reconcile(cluster, job),
  );
}
