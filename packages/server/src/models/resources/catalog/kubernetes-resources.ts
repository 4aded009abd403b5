import { usageOf } from '@ks-apiserver/apimachinery/quota/usage';
import { claimAnnotations } from '../computed/claim-use.ts';
import {
  conditionStatus,
  equalField,
  isReadyPod,
  jobCountStatus,
  latestTime,
  listField,
  nodeStatus,
  ownerNames,
  podUsage,
  podVolumes,
  serviceSelects,
  timeOf,
  workloadStatus,
} from '../computed/fields.ts';
import { nodeAnnotations, podRequests } from '../computed/node-requests.ts';
import { storageClassAnnotations } from '../computed/storage-class-use.ts';
import { keyValue } from '../query/filters.ts';
import { inVersion, type ResourceDefinition } from '../query/resource-definition.ts';
import { statusFilter, updateTimeSortKeys } from './workload-keys.ts';

const count = (value: unknown) => (typeof value === 'number' ? value : 0);

/** Returns the version by which a CRD's objects are read: the stored one if it is served. */
function servedVersion(versions: unknown): string | undefined {
  const all: { name: string; served?: boolean; storage?: boolean }[] = Array.isArray(versions)
    ? versions
    : [];
  const served = all.filter((version) => version.served);
  return (served.find(({ storage }) => storage) ?? served[0])?.name;
}

/** Resources of Kubernetes and of its common extensions. */
export const KUBERNETES_RESOURCES: readonly ResourceDefinition[] = [
  ...inVersion('', 'v1', {
    nodes: {
      kind: 'Node',
      namespaced: false,
      fields: (node) => ({
        status: nodeStatus(node),
        allocatable: node.status?.allocatable,
        ready: conditionStatus(node.status?.conditions, { Ready: 'ready' }) !== undefined,
        addresses: node.status?.addresses,
      }),
      filters: statusFilter,
      uses: ['pods'],
      ...nodeAnnotations,
    },
    namespaces: {
      kind: 'Namespace',
      namespaced: false,
      eager: true,
      keepObjects: true,
      fields: (namespace) => ({ status: namespace.status?.phase }),
      filters: statusFilter,
    },
    pods: {
      kind: 'Pod',
      namespaced: true,
      unread: ['env'],
      fields: (pod) => ({
        usage: podUsage(pod),
        nodeName: pod.spec?.nodeName ?? '',
        claims: podVolumes(pod),
        requests: podRequests(pod),
        owners: ownerNames(pod),
        ready: isReadyPod(pod),
        startTime: timeOf(pod.status?.startTime),
      }),
      filters: {
        nodeName: equalField('nodeName'),
        pvcName: (pod, value) => listField(pod, 'claims').includes(value),
        serviceName: serviceSelects,
      },
      relatedFilters: ['serviceName'],
      uses: ['services', 'replicasets'],
    },
    services: {
      kind: 'Service',
      namespaced: true,
      fields: (service) => ({
        selector: service.spec?.selector,
        usage: usageOf('', 'services', service),
      }),
    },
    configmaps: { kind: 'ConfigMap', namespaced: true },
    secrets: {
      kind: 'Secret',
      namespaced: true,
      needsOwnRight: true,
      fields: ({ type }) => ({ type }),
    },
    persistentvolumeclaims: {
      kind: 'PersistentVolumeClaim',
      namespaced: true,
      fields: ({ metadata, spec, status, ...claim }) => ({
        usage: usageOf('', 'persistentvolumeclaims', { ...claim, metadata, spec }),
        phase: String(status?.phase ?? '').toLowerCase(),
        storageClassName: spec?.storageClassName ?? '',
        provisioner: metadata.annotations?.['volume.beta.kubernetes.io/storage-provisioner'],
      }),
      filters: {
        status: (claim, value) => claim.fields.phase === value.toLowerCase(),
        storageClassName: equalField('storageClassName'),
        // 3.0 adds its annotations before it filters.
        annotation: (claim, value, stores) =>
          keyValue({ ...claim.annotations, ...claimAnnotations.annotate(claim, stores) }, value),
      },
      uses: ['pods', 'volumesnapshotclasses'],
      relatedFilters: ['annotation'],
      ...claimAnnotations,
    },
  }),
  ...inVersion('apps', 'v1', {
    deployments: {
      kind: 'Deployment',
      namespaced: true,
      fields: ({ status, ...deployment }) => ({
        status: workloadStatus(count(status?.replicas), count(status?.readyReplicas)),
        // 3.0's older search compares with the wanted replicas and not with the existing ones.
        wantedStatus: workloadStatus(
          count(deployment.spec?.replicas),
          count(status?.readyReplicas),
        ),
        updateTime: latestTime(deployment, status?.conditions, 'lastUpdateTime'),
      }),
      filters: statusFilter,
      sortKeys: updateTimeSortKeys,
    },
    statefulsets: {
      kind: 'StatefulSet',
      namespaced: true,
      fields: ({ spec, status }) => ({
        status: workloadStatus(count(spec?.replicas), count(status?.readyReplicas)),
      }),
      filters: statusFilter,
    },
    replicasets: {
      kind: 'ReplicaSet',
      namespaced: true,
      fields: (replicaSet) => ({ owners: ownerNames(replicaSet) }),
    },
    daemonsets: {
      kind: 'DaemonSet',
      namespaced: true,
      fields: ({ status }) => ({
        status: workloadStatus(count(status?.desiredNumberScheduled), count(status?.numberReady)),
      }),
      filters: statusFilter,
    },
  }),
  ...inVersion('batch', 'v1', {
    cronjobs: {
      kind: 'CronJob',
      namespaced: true,
      otherVersions: ['v1beta1'],
      fields: ({ spec, status }) => ({
        status: spec?.suspend === true ? 'paused' : 'running',
        lastScheduleTime: timeOf(status?.lastScheduleTime),
      }),
    },
    jobs: {
      kind: 'Job',
      namespaced: true,
      fields: (job) => ({
        status:
          conditionStatus(job.status?.conditions, { Complete: 'completed', Failed: 'failed' }) ??
          'running',
        countStatus: jobCountStatus(job),
        updateTime: latestTime(job, job.status?.conditions, 'lastTransitionTime'),
      }),
      filters: statusFilter,
      sortKeys: { ...updateTimeSortKeys, status: (job) => String(job.fields.status) },
    },
  }),
  ...inVersion('autoscaling', 'v2', {
    horizontalpodautoscalers: {
      kind: 'HorizontalPodAutoscaler',
      namespaced: true,
      otherVersions: ['v2beta2', 'v1'],
      fields: ({ spec }) => ({ target: spec?.scaleTargetRef }),
    },
  }),
  ...inVersion('storage.k8s.io', 'v1', {
    storageclasses: {
      kind: 'StorageClass',
      namespaced: false,
      fields: ({ provisioner }) => ({ provisioner }),
      uses: ['persistentvolumeclaims', 'provisionercapabilities'],
      ...storageClassAnnotations,
    },
  }),
  ...inVersion('networking.k8s.io', 'v1', {
    ingresses: { kind: 'Ingress', namespaced: true, otherVersions: ['v1beta1'] },
    networkpolicies: { kind: 'NetworkPolicy', namespaced: true },
  }),
  ...inVersion('rbac.authorization.k8s.io', 'v1', {
    roles: { kind: 'Role', namespaced: true, eager: true, keepObjects: true, aggregates: true },
    rolebindings: { kind: 'RoleBinding', namespaced: true, eager: true, keepObjects: true },
    clusterroles: {
      kind: 'ClusterRole',
      namespaced: false,
      eager: true,
      keepObjects: true,
      aggregates: true,
    },
    clusterrolebindings: {
      kind: 'ClusterRoleBinding',
      namespaced: false,
      eager: true,
      keepObjects: true,
    },
  }),
  ...inVersion('snapshot.storage.k8s.io', 'v1beta1', {
    volumesnapshotclasses: {
      kind: 'VolumeSnapshotClass',
      namespaced: false,
      otherVersions: ['v1'],
      fields: ({ driver }) => ({ driver }),
    },
    volumesnapshots: {
      kind: 'VolumeSnapshot',
      namespaced: true,
      otherVersions: ['v1'],
      fields: ({ spec, status }) => ({
        status: status?.readyToUse === true ? 'ready' : 'creating',
        volumeSnapshotClassName: spec?.volumeSnapshotClassName,
        persistentVolumeClaimName: spec?.source?.persistentVolumeClaimName,
      }),
      filters: {
        ...statusFilter,
        volumeSnapshotClassName: equalField('volumeSnapshotClassName'),
        persistentVolumeClaimName: equalField('persistentVolumeClaimName'),
      },
    },
  }),
  ...inVersion('apiextensions.k8s.io', 'v1', {
    customresourcedefinitions: {
      kind: 'CustomResourceDefinition',
      namespaced: false,
      eager: true,
      fields: ({ spec }) => ({
        group: spec?.group,
        resource: spec?.names?.plural,
        kind: spec?.names?.kind,
        namespaced: spec?.scope === 'Namespaced',
        version: servedVersion(spec?.versions),
      }),
      filters: {
        name: (crd, value) => crd.name.includes(value) || String(crd.fields.kind).includes(value),
      },
    },
  }),
];
