import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import { Cron } from 'croner';
import type { Reconciler } from '../../runtime/controller.ts';
import { conditionOf } from '../cluster/pods.ts';
import type { Cluster } from '../cluster.ts';
import { controllerKey } from '../keys.ts';
import { keyOf } from '../objects.ts';
import { workloadReconciler } from './workload.ts';

const COMPONENT = 'cronjob-controller';

/** How far back a missed run is looked for, in milliseconds. */
const LOOK_BACK_MS = 86_400_000;

/**
 * Parses the schedule of a CronJob; times are in its time zone, or UTC. Throws an Error for one
 * that cannot be parsed.
 */
export function scheduleOf({ spec }: KubeObject): Cron {
  return new Cron(spec.schedule, {
    timezone: spec.timeZone ?? 'UTC',
    mode: '5-part',
    paused: true,
  });
}

/**
 * Returns the latest time up to now at which a CronJob should have run and has not; undefined when
 * there is none.
 */
export function dueTime(cronJob: KubeObject, now = Date.now()): Date | undefined {
  const { metadata, spec, status } = cronJob;
  const since = Date.parse(status?.lastScheduleTime ?? String(metadata.creationTimestamp));
  const deadline =
    spec.startingDeadlineSeconds === undefined ? LOOK_BACK_MS : spec.startingDeadlineSeconds * 1000;
  const [newest] = scheduleOf(cronJob).previousRuns(1, new Date(now + 1));
  if (!newest || newest.getTime() <= since || now - newest.getTime() > deadline) {
    return undefined;
  }

  return newest;
}

function jobFor(cronJob: KubeObject, time: Date): PersistedObject {
  const { metadata = {}, spec } = cronJob.spec.jobTemplate;

  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cronJob.metadata.name}-${Math.floor(time.getTime() / 60_000)}`,
      namespace: cronJob.metadata.namespace ?? '',
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: {
        ...metadata.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(time),
      },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: structuredClone(spec),
  };
}

const endedAs = (job: PersistedObject, type: 'Complete' | 'Failed') =>
  conditionOf(job, type)?.status === 'True';

async function reconcile(cluster: Cluster, cronJob: PersistedObject): Promise<number | undefined> {
  const { spec, metadata } = cronJob;
  const jobs = () => cluster.jobs.by('controller', metadata.uid);
  const active = () => jobs().filter((job) => !endedAs(job, 'Complete') && !endedAs(job, 'Failed'));
  let { lastScheduleTime } = cronJob.status ?? {};
  const due = spec.suspend ? undefined : dueTime(cronJob);
  if (due && !(spec.concurrencyPolicy === 'Forbid' && active().length > 0)) {
    if (spec.concurrencyPolicy === 'Replace') {
      for (const job of active()) {
        await cluster.jobs.delete(job);
      }
    }

    const job = jobFor(cronJob, due);
    if (!cluster.jobs.get(keyOf(job))) {
      await cluster.jobs.create(job);
      cluster.record(COMPONENT, cronJob, 'SuccessfulCreate', `Created job ${job.metadata.name}`);
    }

    lastScheduleTime = timestamp(due);
  }

  await forget(
    cluster,
    jobs().filter((job) => endedAs(job, 'Complete')),
    spec.successfulJobsHistoryLimit ?? 3,
  );

  await forget(
    cluster,
    jobs().filter((job) => endedAs(job, 'Failed')),
    spec.failedJobsHistoryLimit ?? 1,
  );

  const completed = jobs()
    .map((job) => (endedAs(job, 'Complete') ? (job.status?.completionTime as string) : ''))
    .sort()
    .at(-1);

  const lastSuccessfulTime = [completed, cronJob.status?.lastSuccessfulTime]
    .filter(Boolean)
    .sort()
    .at(-1);

  const references = active().map(({ metadata: { name, namespace, uid, resourceVersion } }) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    name,
    namespace,
    uid,
    resourceVersion,
  }));

  const before = (cronJob.status?.active ?? []) as { uid: string }[];

  const sameJobs = equalJson(
    before.map(({ uid }) => uid),
    references.map(({ uid }) => uid),
  );

  const status = {
    ...(references.length > 0 && { active: sameJobs ? before : references }),
    ...(lastScheduleTime && { lastScheduleTime }),
    ...(lastSuccessfulTime && { lastSuccessfulTime }),
  };

  if (!equalJson(status, cronJob.status ?? {})) {
    await cluster.cronJobs.setStatus(cronJob, status);
  }

  const next = spec.suspend ? null : scheduleOf(cronJob).nextRun();

  return next ? Math.min(Math.max(50, next.getTime() - Date.now() + 20), 2 ** 31 - 1) : undefined;
}

async function forget(
  cluster: Cluster,
  ended: readonly PersistedObject[],
  limit: number,
): Promise<void> {
  for (const job of ended.slice(0, Math.max(0, ended.length - limit))) {
    await cluster.jobs.delete(job);
  }
}

/** Reconciles CronJobs (Kubernetes "CronJob"). */
export function cronJobReconciler(cluster: Cluster): Reconciler {
  return workloadReconciler(
    COMPONENT,
    cluster.cronJobs,
    [
      {
        informer: cluster.jobs.informer,
        keys: ({ entry }) => controllerKey(objectOf(entry), 'CronJob'),
      },
    ],
    (cronJob) => reconcile(cluster, cronJob),
  );
}
