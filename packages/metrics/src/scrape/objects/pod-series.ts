import type { KubeObject, OwnerReference } from '@ks-apiserver/apimachinery/meta/types';
import type { PageText } from '../../exposition/page-text.ts';
import { amountOf, flag, resourceLabels, secondsOf } from './renderer.ts';

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'];

/** The waiting reason that rules subtract: it is told of every container, also as 0. */
const CREATING = 'ContainerCreating';

type PodLabels = Readonly<{ namespace: string | undefined; pod: string | undefined }>;

/** Writes the series of a pod. */
export function renderPod(page: PageText, pod: KubeObject): void {
  const { namespace, name } = pod.metadata;
  const labels = { namespace, pod: name };
  const { spec = {}, status = {} } = pod;

  renderIdentity(page, pod, labels);

  for (const phase of PHASES) {
    page.add('kube_pod_status_phase', { ...labels, phase }, flag(status.phase === phase));
  }

  renderCondition(page, pod, { metric: 'kube_pod_status_ready', type: 'Ready', labels });
  renderCondition(page, pod, { metric: 'kube_pod_status_scheduled', type: 'PodScheduled', labels });

  for (const container of spec.containers ?? []) {
    renderResources(page, container, { ...labels, node: spec.nodeName });
  }

  for (const container of status.containerStatuses ?? []) {
    renderStatus(page, container, labels);
  }

  const start = secondsOf(status.startTime);
  if (start !== undefined) {
    page.add('kube_pod_start_time', labels, start);
  }
}

function renderIdentity(page: PageText, pod: KubeObject, labels: PodLabels): void {
  const { spec = {}, status = {}, metadata } = pod;
  const owners: OwnerReference[] = metadata.ownerReferences ?? [];
  const owner = owners.find(({ controller }) => controller) ?? owners[0];

  page.add(
    'kube_pod_info',
    {
      ...labels,
      uid: metadata.uid,
      node: spec.nodeName,
      host_ip: status.hostIP,
      pod_ip: status.podIP,
      created_by_kind: owner?.kind ?? '<none>',
      created_by_name: owner?.name ?? '<none>',
      priority_class: spec.priorityClassName,
      host_network: String(spec.hostNetwork === true),
    },
    1,
  );

  page.add(
    'kube_pod_owner',
    {
      ...labels,
      owner_kind: owner?.kind ?? '<none>',
      owner_name: owner?.name ?? '<none>',
      owner_is_controller: owner ? String(owner.controller === true) : '<none>',
    },
    1,
  );
}

function renderCondition(
  page: PageText,
  { status }: KubeObject,
  { metric, type, labels }: { metric: string; type: string; labels: PodLabels },
): void {
  for (const condition of status?.conditions ?? []) {
    if (condition.type === type) {
      for (const value of ['true', 'false', 'unknown']) {
        const isSo = String(condition.status).toLowerCase() === value;
        page.add(metric, { ...labels, condition: value }, flag(isSo));
      }
    }
  }
}

interface Container {
  name: string;
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> };
}

function renderResources(
  page: PageText,
  { name, resources }: Container,
  labels: PodLabels & { node: string | undefined },
): void {
  for (const kind of ['requests', 'limits'] as const) {
    for (const [resource, quantity] of Object.entries(resources?.[kind] ?? {})) {
      const amount = amountOf(quantity);

      if (amount !== undefined) {
        page.add(
          `kube_pod_container_resource_${kind}`,
          { ...labels, container: name, ...resourceLabels(resource) },
          amount,
        );
      }
    }
  }
}

interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: { reason?: string } };
}

function renderStatus(page: PageText, status: ContainerStatus, labels: PodLabels): void {
  const { name: container, state, restartCount, ready } = status;
  const reason = state?.waiting?.reason;
  const waiting = 'kube_pod_container_status_waiting_reason';

  page.add(waiting, { ...labels, container, reason: CREATING }, flag(reason === CREATING));

  if (reason && reason !== CREATING) {
    page.add(waiting, { ...labels, container, reason }, 1);
  }

  page.add('kube_pod_container_status_ready', { ...labels, container }, flag(ready));
  page.add('kube_pod_container_status_restarts_total', { ...labels, container }, restartCount ?? 0);
}
