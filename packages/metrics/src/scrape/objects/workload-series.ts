import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PageText } from '../../exposition/page-text.ts';
import { flag, renderNumbers, secondsOf } from './renderer.ts';

/** Writes the series of a deployment. */
export function renderDeployment(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, deployment: metadata.name };

  page.add('kube_deployment_labels', labels, 1);
  page.add('kube_deployment_spec_paused', labels, flag(spec?.paused));

  renderNumbers(page, labels, {
    kube_deployment_spec_replicas: spec?.replicas ?? 1,
    kube_deployment_status_replicas: status?.replicas ?? 0,
    kube_deployment_status_replicas_available: status?.availableReplicas ?? 0,
    kube_deployment_status_replicas_unavailable: status?.unavailableReplicas ?? 0,
    kube_deployment_status_replicas_updated: status?.updatedReplicas ?? 0,
    kube_deployment_status_replicas_ready: status?.readyReplicas ?? 0,
  });
}

/** Writes the series of a daemon set. */
export function renderDaemonSet(page: PageText, { metadata, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, daemonset: metadata.name };

  page.add('kube_daemonset_labels', labels, 1);

  renderNumbers(page, labels, {
    kube_daemonset_status_current_number_scheduled: status?.currentNumberScheduled ?? 0,
    kube_daemonset_status_desired_number_scheduled: status?.desiredNumberScheduled ?? 0,
    kube_daemonset_status_number_available: status?.numberAvailable ?? 0,
    kube_daemonset_status_number_misscheduled: status?.numberMisscheduled ?? 0,
    kube_daemonset_status_number_ready: status?.numberReady ?? 0,
    kube_daemonset_status_number_unavailable: status?.numberUnavailable ?? 0,
  });
}

/** Writes the series of a stateful set. */
export function renderStatefulSet(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, statefulset: metadata.name };

  page.add('kube_statefulset_labels', labels, 1);

  renderNumbers(page, labels, {
    kube_statefulset_replicas: spec?.replicas ?? 1,
    kube_statefulset_status_replicas: status?.replicas ?? 0,
    kube_statefulset_status_replicas_current: status?.currentReplicas ?? 0,
    kube_statefulset_status_replicas_ready: status?.readyReplicas ?? 0,
    kube_statefulset_status_replicas_updated: status?.updatedReplicas ?? 0,
  });
}

/** Writes the series of a replica set. */
export function renderReplicaSet(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, replicaset: metadata.name };
  const [owner] = metadata.ownerReferences ?? [];

  page.add('kube_replicaset_labels', labels, 1);

  page.add(
    'kube_replicaset_owner',
    {
      ...labels,
      owner_kind: owner?.kind ?? '<none>',
      owner_name: owner?.name ?? '<none>',
      owner_is_controller: owner ? String(owner.controller === true) : '<none>',
    },
    1,
  );

  renderNumbers(page, labels, {
    kube_replicaset_spec_replicas: spec?.replicas ?? 1,
    kube_replicaset_status_replicas: status?.replicas ?? 0,
    kube_replicaset_status_ready_replicas: status?.readyReplicas ?? 0,
  });
}

/** Writes the series of a job. */
export function renderJob(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, job_name: metadata.name };

  page.add('kube_job_labels', labels, 1);
  page.add('kube_job_info', labels, 1);

  renderNumbers(page, labels, {
    kube_job_spec_completions: spec?.completions,
    kube_job_spec_parallelism: spec?.parallelism,
    kube_job_status_active: status?.active ?? 0,
    kube_job_status_failed: status?.failed ?? 0,
    kube_job_status_succeeded: status?.succeeded ?? 0,
    kube_job_status_start_time: secondsOf(status?.startTime),
    kube_job_status_completion_time: secondsOf(status?.completionTime),
  });
}

/** Writes the series of a cron job. */
export function renderCronJob(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, cronjob: metadata.name };

  page.add('kube_cronjob_labels', labels, 1);
  page.add('kube_cronjob_info', { ...labels, schedule: spec?.schedule }, 1);
  page.add('kube_cronjob_spec_suspend', labels, flag(spec?.suspend));

  renderNumbers(page, labels, {
    kube_cronjob_status_active: status?.active?.length ?? 0,
    kube_cronjob_status_last_schedule_time: secondsOf(status?.lastScheduleTime),
  });
}

/** Writes the series of a horizontal pod autoscaler. */
export function renderAutoscaler(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, hpa: metadata.name };

  page.add('kube_hpa_labels', labels, 1);

  renderNumbers(page, labels, {
    kube_hpa_spec_min_replicas: spec?.minReplicas ?? 1,
    kube_hpa_spec_max_replicas: spec?.maxReplicas,
    kube_hpa_status_current_replicas: status?.currentReplicas ?? 0,
    kube_hpa_status_desired_replicas: status?.desiredReplicas ?? 0,
  });
}
