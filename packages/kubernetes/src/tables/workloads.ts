import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { listOf } from '../registry/resources/core-types.ts';
import {
  age,
  type Cell,
  containersOf,
  humanDuration,
  labelsText,
  orNone,
  type Printer,
  printer,
  selectorText,
  since,
} from './printer.ts';

const name = (object: KubeObject): string => object.metadata.name ?? '';

function jobStatus(job: KubeObject): string {
  const conditions = listOf<{ type: string; status: string }>(job.status?.conditions);
  const has = (type: string) => conditions.some((c) => c.type === type && c.status === 'True');
  if (has('Complete')) {
    return 'Complete';
  }
  if (has('Failed')) {
    return 'Failed';
  }
  if (job.metadata.deletionTimestamp) {
    return 'Terminating';
  }
  if (has('Suspended')) {
    return 'Suspended';
  }
  if (has('FailureTarget')) {
    return 'FailureTarget';
  }

  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function jobCells(job: KubeObject, now: number): Cell[] {
  const { completions, parallelism } = job.spec ?? {};
  const { succeeded = 0, startTime, completionTime } = job.status ?? {};
  let wanted = '1';

  if (completions !== undefined) {
    wanted = `${completions}`;
  } else if ((parallelism ?? 0) > 1) {
    wanted = `1 of ${parallelism}`;
  }

  let duration = '';

  if (startTime) {
    duration = humanDuration(
      (completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime),
    );
  }

  const containers = containersOf(job.spec?.template?.spec);

  return [
    name(job),
    jobStatus(job),
    `${succeeded}/${wanted}`,
    duration,
    age(job, now),
    ...containers,
    selectorText(job.spec?.selector),
  ];
}

function cronJobCells(cron: KubeObject, now: number): Cell[] {
  const { schedule = '', timeZone, suspend = false, jobTemplate } = cron.spec ?? {};
  const last = cron.status?.lastScheduleTime;

  return [
    name(cron),
    schedule,
    orNone(timeZone),
    suspend ? 'True' : 'False',
    cron.status?.active?.length ?? 0,
    last ? since(last, now) : '<none>',
    age(cron, now),
    ...containersOf(jobTemplate?.spec?.template?.spec),
    selectorText(jobTemplate?.spec?.selector),
  ];
}

function replicaCells(object: KubeObject, now: number, selector: string): Cell[] {
  const { replicas = 0, readyReplicas = 0 } = object.status ?? {};
  const containers = containersOf(object.spec?.template?.spec);

  return [
    name(object),
    object.spec?.replicas ?? 0,
    replicas,
    readyReplicas,
    age(object, now),
    ...containers,
    selector,
  ];
}

function metricText(
  spec: Record<string, never>,
  status: Record<string, never> | undefined,
): string {
  const source = String(spec.type ?? '');
  const key = `${source.charAt(0).toLowerCase()}${source.slice(1)}`;

  const {
    target = {},
    name: metric,
    container,
  } = (spec[key] ?? {}) as Record<string, Record<string, string>>;

  const current = ((status?.[key] ?? {}) as { current?: Record<string, string> }).current ?? {};

  const label =
    source === 'Resource' || source === 'ContainerResource'
      ? `${container ? `${container}/` : ''}${metric}: `
      : '';

  if (target.averageUtilization !== undefined) {
    const now =
      current.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`;
    return `${label}${now}/${target.averageUtilization}%`;
  }

  const average = target.averageValue !== undefined;
  const now = (average ? current.averageValue : current.value) ?? '<unknown>';

  return `${label}${now}/${average ? target.averageValue : (target.value ?? '<auto>')}${average && !label ? ' (avg)' : ''}`;
}

function hpaTargets(hpa: KubeObject): string {
  const { targetCPUUtilizationPercentage: cpu, metrics = [] } = hpa.spec ?? {};
  if (cpu !== undefined) {
    const current = hpa.status?.currentCPUUtilizationPercentage;
    return `cpu: ${current === undefined ? '<unknown>' : `${current}%`}/${cpu}%`;
  }

  if (metrics.length === 0) {
    return '<none>';
  }

  const texts = metrics.map((metric: never, index: number) =>
    metricText(metric, hpa.status?.currentMetrics?.[index]),
  );

  return texts.length > 2
    ? `${texts.slice(0, 2).join(', ')} + ${texts.length - 2} more...`
    : texts.join(', ');
}

const wideContainers = 'Containers*|Images*|Selector*';

const scaleColumns = printer('Name|Desired#|Available#|Age', (o, now) => [
  name(o),
  o.spec?.replicas ?? 0,
  o.status?.replicas ?? 0,
  age(o, now),
]);

/** Only a Scale has a name column of format ''. */
const scales: Printer = {
  ...scaleColumns,
  columns: scaleColumns.columns.map((column) => ({ ...column, format: '' })),
};

/** Columns of the kinds that make or scale pods, by `group/Kind`. */
export const workloadPrinters: Readonly<Record<string, Printer>> = {
  '/PodTemplate': printer('Name|Containers|Images|Pod Labels', (o) => [
    name(o),
    ...containersOf(o.template?.spec),
    labelsText(o.template?.metadata?.labels),
  ]),
  '/ReplicationController': printer(
    `Name|Desired#|Current#|Ready#|Age|${wideContainers}`,
    (o, now) => replicaCells(o, now, labelsText(o.spec?.selector)),
  ),
  'apps/ReplicaSet': printer(`Name|Desired#|Current#|Ready#|Age|${wideContainers}`, (o, now) =>
    replicaCells(o, now, selectorText(o.spec?.selector)),
  ),
  'apps/Deployment': printer(`Name|Ready|Up-to-date|Available|Age|${wideContainers}`, (o, now) => [
    name(o),
    `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`,
    o.status?.updatedReplicas ?? 0,
    o.status?.availableReplicas ?? 0,
    age(o, now),
    ...containersOf(o.spec?.template?.spec),
    selectorText(o.spec?.selector),
  ]),
  'apps/StatefulSet': printer('Name|Ready|Age|Containers*|Images*', (o, now) => [
    name(o),
    `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`,
    age(o, now),
    ...containersOf(o.spec?.template?.spec),
  ]),
  'apps/DaemonSet': printer(
    `Name|Desired#|Current#|Ready#|Up-to-date#|Available#|Node Selector|Age|${wideContainers}`,
    (o, now) => [
      name(o),
      o.status?.desiredNumberScheduled ?? 0,
      o.status?.currentNumberScheduled ?? 0,
      o.status?.numberReady ?? 0,
      o.status?.updatedNumberScheduled ?? 0,
      o.status?.numberAvailable ?? 0,
      labelsText(o.spec?.template?.spec?.nodeSelector),
      age(o, now),
      ...containersOf(o.spec?.template?.spec),
      selectorText(o.spec?.selector),
    ],
  ),
  'apps/ControllerRevision': printer('Name|Controller|Revision|Age', (o, now) => {
    const owner = (o.metadata.ownerReferences ?? []).find(({ controller }) => controller);
    const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';

    return [
      name(o),
      owner ? `${owner.kind.toLowerCase()}${group}/${owner.name}` : '<none>',
      o.revision ?? 0,
      age(o, now),
    ];
  }),
  'batch/Job': printer(`Name|Status|Completions|Duration|Age|${wideContainers}`, jobCells),
  'batch/CronJob': printer(
    `Name|Schedule|Timezone|Suspend?|Active#|Last Schedule|Age|${wideContainers}`,
    cronJobCells,
  ),
  'autoscaling/HorizontalPodAutoscaler': printer(
    'Name|Reference|Targets|MinPods|MaxPods|Replicas|Age',
    (o, now) => [
      name(o),
      `${o.spec?.scaleTargetRef?.kind}/${o.spec?.scaleTargetRef?.name}`,
      hpaTargets(o),
      o.spec?.minReplicas === undefined ? '<unset>' : `${o.spec.minReplicas}`,
      o.spec?.maxReplicas ?? 0,
      o.status?.currentReplicas ?? 0,
      age(o, now),
    ],
  ),
  'autoscaling/Scale': scales,
  'policy/PodDisruptionBudget': printer(
    'Name|Min Available|Max Unavailable|Allowed Disruptions#|Age',
    (o, now) => [
      name(o),
      o.spec?.minAvailable === undefined ? 'N/A' : `${o.spec.minAvailable}`,
      o.spec?.maxUnavailable === undefined ? 'N/A' : `${o.spec.maxUnavailable}`,
      o.status?.disruptionsAllowed ?? 0,
      age(o, now),
    ],
  ),
};
