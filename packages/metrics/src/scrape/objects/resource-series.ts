import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PageText } from '../../exposition/page-text.ts';
import { amountOf, flag, secondsOf } from './renderer.ts';

const CLAIM_PHASES = ['Bound', 'Lost', 'Pending'];
const VOLUME_PHASES = ['Pending', 'Available', 'Bound', 'Released', 'Failed'];

/** Annotation that named a claim's storage class before there was a field for it. */
const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** Writes the series of a namespace; `workspace` is the label that KubeSphere's queries group by. */
export function renderNamespace(page: PageText, { metadata, status }: KubeObject): void {
  const namespace = metadata.name;
  const workspace = metadata.labels?.[WORKSPACE_LABEL];

  page.add('kube_namespace_labels', { namespace, workspace }, 1);

  for (const phase of ['Active', 'Terminating']) {
    page.add('kube_namespace_status_phase', { namespace, phase }, flag(status?.phase === phase));
  }
}

/** Writes the series of a service. */
export function renderService(page: PageText, { metadata, spec }: KubeObject): void {
  const labels = { namespace: metadata.namespace, service: metadata.name };

  page.add('kube_service_info', { ...labels, cluster_ip: spec?.clusterIP }, 1);
  page.add('kube_service_spec_type', { ...labels, type: spec?.type }, 1);
}

/** Writes the series of an Endpoints object. */
export function renderEndpoints(page: PageText, { metadata }: KubeObject): void {
  const labels = { namespace: metadata.namespace, endpoint: metadata.name };

  page.add('kube_endpoint_labels', labels, 1);
  page.add('kube_endpoint_info', labels, 1);
}

/** Writes the series of an ingress. */
export function renderIngress(page: PageText, { metadata }: KubeObject): void {
  const labels = { namespace: metadata.namespace, ingress: metadata.name };

  page.add('kube_ingress_labels', labels, 1);
  page.add('kube_ingress_info', labels, 1);
}

/** Writes the series of a secret: that it is there. */
export function renderSecret(page: PageText, { metadata }: KubeObject): void {
  page.add('kube_secret_info', { namespace: metadata.namespace, secret: metadata.name }, 1);
}

/** Writes the series of a config map: that it is there. */
export function renderConfigMap(page: PageText, { metadata }: KubeObject): void {
  page.add('kube_configmap_info', { namespace: metadata.namespace, configmap: metadata.name }, 1);
}

/** Writes the series of a resource quota. */
export function renderQuota(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, resourcequota: metadata.name };
  const amounts = { hard: status?.hard ?? spec?.hard ?? {}, used: status?.used ?? {} };

  for (const [type, list] of Object.entries(amounts)) {
    for (const [resource, quantity] of Object.entries(list)) {
      const amount = amountOf(quantity);

      if (amount !== undefined) {
        page.add('kube_resourcequota', { ...labels, resource, type }, amount);
      }
    }
  }
}

/** Writes the series of a persistent volume. */
export function renderVolume(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { persistentvolume: metadata.name };
  const capacity = amountOf(spec?.capacity?.storage);

  page.add('kube_persistentvolume_labels', labels, 1);
  page.add('kube_persistentvolume_info', { ...labels, storageclass: spec?.storageClassName }, 1);

  for (const phase of VOLUME_PHASES) {
    const isSo = status?.phase === phase;
    page.add('kube_persistentvolume_status_phase', { ...labels, phase }, flag(isSo));
  }

  if (capacity !== undefined) {
    page.add('kube_persistentvolume_capacity_bytes', labels, capacity);
  }
}

/** Writes the series of a claim of a persistent volume. */
export function renderClaim(page: PageText, { metadata, spec, status }: KubeObject): void {
  const labels = { namespace: metadata.namespace, persistentvolumeclaim: metadata.name };
  const storageclass = metadata.annotations?.[OLD_CLASS] ?? spec?.storageClassName;
  const requested = amountOf(spec?.resources?.requests?.storage);

  page.add(
    'kube_persistentvolumeclaim_info',
    { ...labels, storageclass, volumename: spec?.volumeName },
    1,
  );

  for (const phase of CLAIM_PHASES) {
    const isSo = status?.phase === phase;
    page.add('kube_persistentvolumeclaim_status_phase', { ...labels, phase }, flag(isSo));
  }

  if (requested !== undefined) {
    page.add('kube_persistentvolumeclaim_resource_requests_storage_bytes', labels, requested);
  }
}

/** Writes the series of an S2iBuilder. */
export function renderS2iBuilder(page: PageText, { metadata }: KubeObject): void {
  const created = secondsOf(metadata.creationTimestamp);

  page.add(
    's2i_s2ibuilder_created',
    { namespace: metadata.namespace, s2ibuilder: metadata.name },
    created ?? 0,
  );
}
