import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { usageOf } from '@ks-apiserver/apimachinery/quota/usage';
import { claimAnnotations } from '../computed/claim-use.ts';
import {
  conditionStatus,
  equalField,
  isReadyPod,
  jobCountStatus,
  latestTime,
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
import type { ResourceDefinition } from './definition.ts';

const status = { status: equalField('status') };

const updateTime = {
  updateTime: (entry: { fields: Readonly<Record<string, unknown>> }) =>
    Number(entry.fields.updateTime),
};

const updated = { ...updateTime, lastUpdateTimestamp: updateTime.updateTime };
const count = (value: unknown) => (typeof value === 'number' ? value : 0);

/**
 * The version by which a CRD's objects are read: the stored one or, where that is no longer served,
 * another.
 */
function servedVersion(versions: unknown): string | undefined {
  const served = (
    (versions ?? []) as { name: string; served?: boolean; storage?: boolean }[]
  ).filter((v) => v.served);
  return (served.find(({ storage }) => storage) ?? served[0])?.name;
}

/** Rows of one group and version. */
function of(
  group: string,
  version: string,
  definitions: Record<string, Omit<ResourceDefinition, 'group' | 'version' | 'resource'>>,
): ResourceDefinition[] {
  return Object.entries(definitions).map(([resource, definition]) => ({
    group,
    version,
    resource,
    ...definition,
  }));
}

/** The one table of resources: a definition feeds informers, lists, gets and authorization. */
export const RESOURCES: readonly ResourceDefinition[] = [
  ...of('', 'v1', {
    nodes: {
      kind: 'Node',
      namespaced: false,
      fields: (node) => ({
        status: nodeStatus(node),
        allocatable: node.status?.allocatable,
        ready: conditionStatus(node.status?.conditions, { Ready: 'ready' }) !== undefined,
        addresses: node.status?.addresses,
      }),
      filters: status,
      uses: ['pods'],
      ...nodeAnnotations,
    },
    namespaces: {
      kind: 'Namespace',
      namespaced: false,
      eager: true,
      keepObjects: true,
      fields: (namespace) => ({ status: namespace.status?.phase }),
      filters: status,
    },
    pods: {
      kind: 'Pod',
      namespaced: true,
      unread: [
        'env',
        'envFrom',
        'args',
        'command',
        'volumeMounts',
        'livenessProbe',
        'readinessProbe',
        'startupProbe',
      ],
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
        pvcName: (pod, value) => (pod.fields.claims as string[]).includes(value),
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
        annotation: (claim, value, catalog) =>
          keyValue({ ...claim.annotations, ...claimAnnotations.annotate(claim, catalog) }, value),
      },
      uses: ['pods', 'volumesnapshotclasses'],
      relatedFilters: ['annotation'],
      ...claimAnnotations,
    },
  }),
  ...of('apps', 'v1', {
    deployments: {
      kind: 'Deployment',
      namespaced: true,
      fields: ({ status, ...deployment }) => ({
        status: workloadStatus(count(status?.replicas), count(status?.readyReplicas)),
        // The older searcher goes by what is wanted and not by what is there.
        wantedStatus: workloadStatus(
          count(deployment.spec?.replicas),
          count(status?.readyReplicas),
        ),
        updateTime: latestTime(deployment as KubeObject, status?.conditions, 'lastUpdateTime'),
      }),
      filters: status,
      sortKeys: updated,
    },
    statefulsets: {
      kind: 'StatefulSet',
      namespaced: true,
      fields: ({ spec, status }) => ({
        status: workloadStatus(count(spec?.replicas), count(status?.readyReplicas)),
      }),
      filters: status,
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
      filters: status,
    },
  }),
  ...of('batch', 'v1', {
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
      filters: status,
      sortKeys: { ...updated, status: (job) => String(job.fields.status) },
    },
  }),
  ...of('autoscaling', 'v2', {
    horizontalpodautoscalers: {
      kind: 'HorizontalPodAutoscaler',
      namespaced: true,
      otherVersions: ['v2beta2', 'v1'],
      fields: ({ spec }) => ({ target: spec?.scaleTargetRef }),
    },
  }),
  ...of('storage.k8s.io', 'v1', {
    storageclasses: {
      kind: 'StorageClass',
      namespaced: false,
      fields: ({ provisioner }) => ({ provisioner }),
      uses: ['persistentvolumeclaims', 'provisionercapabilities'],
      ...storageClassAnnotations,
    },
  }),
  ...of('storage.kubesphere.io', 'v1alpha1', {
    provisionercapabilities: {
      kind: 'ProvisionerCapability',
      namespaced: false,
      fields: ({ spec }) => ({ snapshot: spec?.features?.snapshot?.create }),
    },
  }),
  ...of('networking.k8s.io', 'v1', {
    ingresses: { kind: 'Ingress', namespaced: true, otherVersions: ['v1beta1'] },
    networkpolicies: { kind: 'NetworkPolicy', namespaced: true },
  }),
  ...of('rbac.authorization.k8s.io', 'v1', {
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
  ...of('iam.kubesphere.io', 'v1alpha2', {
    users: {
      kind: 'User',
      namespaced: false,
      fields: (user) => ({ email: user.spec?.email, groups: user.spec?.groups ?? [] }),
      filters: {
        email: equalField('email'),
        ingroup: (user, value) => (user.fields.groups as string[]).includes(value),
        notingroup: (user, value) => !(user.fields.groups as string[]).includes(value),
      },
    },
    loginrecords: {
      kind: 'LoginRecord',
      namespaced: false,
      fields: ({ spec }) => ({
        type: spec?.type,
        success: spec?.success,
        sourceIP: spec?.sourceIP,
      }),
      filters: { type: equalField('type') },
    },
    globalroles: {
      kind: 'GlobalRole',
      namespaced: false,
      eager: true,
      keepObjects: true,
      aggregates: true,
    },
    globalrolebindings: {
      kind: 'GlobalRoleBinding',
      namespaced: false,
      eager: true,
      keepObjects: true,
    },
    workspaceroles: {
      kind: 'WorkspaceRole',
      namespaced: false,
      eager: true,
      keepObjects: true,
      aggregates: true,
      filters: { workspace: (role, value) => role.labels['kubesphere.io/workspace'] === value },
    },
    workspacerolebindings: {
      kind: 'WorkspaceRoleBinding',
      namespaced: false,
      eager: true,
      keepObjects: true,
    },
    groups: { kind: 'Group', namespaced: false, eager: true, keepObjects: true },
    groupbindings: { kind: 'GroupBinding', namespaced: false, eager: true, keepObjects: true },
  }),
  ...of('snapshot.storage.k8s.io', 'v1beta1', {
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
        ...status,
        volumeSnapshotClassName: equalField('volumeSnapshotClassName'),
        persistentVolumeClaimName: equalField('persistentVolumeClaimName'),
      },
    },
  }),
  ...of('app.k8s.io', 'v1beta1', {
    applications: {
      kind: 'Application',
      namespaced: true,
      fields: (application) => ({
        updateTime: latestTime(application, application.status?.conditions, 'lastUpdateTime'),
      }),
      sortKeys: updated,
    },
  }),
  ...of('types.kubefed.io', 'v1beta1', {
    federatednamespaces: { kind: 'FederatedNamespace', namespaced: true },
    federateddeployments: {
      kind: 'FederatedDeployment',
      namespaced: true,
      fields: (deployment) => ({
        updateTime: latestTime(deployment, deployment.status?.conditions, 'lastUpdateTime'),
      }),
      sortKeys: updateTime,
    },
    federatedstatefulsets: { kind: 'FederatedStatefulSet', namespaced: true },
    federatedservices: { kind: 'FederatedService', namespaced: true },
    federatedingresses: { kind: 'FederatedIngress', namespaced: true },
    federatedconfigmaps: { kind: 'FederatedConfigMap', namespaced: true },
    federatedapplications: { kind: 'FederatedApplication', namespaced: true },
    federatedsecrets: {
      kind: 'FederatedSecret',
      namespaced: true,
      needsOwnRight: true,
      fields: ({ spec }) => ({ type: spec?.template?.type }),
      filters: { type: equalField('type') },
    },
    federatedpersistentvolumeclaims: {
      kind: 'FederatedPersistentVolumeClaim',
      namespaced: true,
      fields: ({ spec }) => ({ storageClassName: spec?.template?.spec?.storageClassName }),
      filters: { storageClassName: equalField('storageClassName') },
    },
  }),
  ...of('tenant.kubesphere.io', 'v1alpha1', {
    workspaces: { kind: 'Workspace', namespaced: false, keepObjects: true },
  }),
  ...of('tenant.kubesphere.io', 'v1alpha2', {
    workspacetemplates: { kind: 'WorkspaceTemplate', namespaced: false, keepObjects: true },
  }),
  ...of('devops.kubesphere.io', 'v1alpha1', {
    s2ibuilders: { kind: 'S2iBuilder', namespaced: true },
    s2iruns: {
      kind: 'S2iRun',
      namespaced: true,
      fields: ({ status }) => ({ status: status?.runState }),
    },
    s2ibuildertemplates: { kind: 'S2iBuilderTemplate', namespaced: false },
  }),
  ...of('devops.kubesphere.io', 'v1alpha3', {
    devopsprojects: { kind: 'DevOpsProject', namespaced: false, eager: true, keepObjects: true },
  }),
  ...of('cluster.kubesphere.io', 'v1alpha1', {
    clusters: { kind: 'Cluster', namespaced: false },
  }),
  ...of('apiextensions.k8s.io', 'v1', {
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
