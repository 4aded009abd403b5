import { autoscalers } from './conversions/autoscalers.ts';
import { certificateRequests } from './conversions/certificates.ts';
import { definitions } from './conversions/definitions.ts';
import { disruptionBudgets } from './conversions/disruption-budgets.ts';
import { endpointSlices } from './conversions/endpoint-slices.ts';
import { ingresses } from './conversions/ingresses.ts';
import { scales } from './conversions/scales.ts';
import { mutatingWebhooks, validatingWebhooks } from './conversions/webhooks.ts';
import {
  appsDeployments,
  appsStatefulSets,
  extensionsDaemonSets,
  extensionsDeployments,
  extensionsReplicaSets,
} from './conversions/workloads.ts';
import {
  type LegacyKind,
  type LegacyKindOptions,
  type LegacySubresource,
  makeLegacyKind,
} from './legacy-kind.ts';

const status = { status: undefined };
const scale: LegacySubresource = { kind: 'Scale', servedIn: 'autoscaling/v1', conversion: scales };
const scaled = { ...status, scale };

/** Workloads of versions in which deleting one left its pods. */
const workload = { served: 'apps/v1', orphans: true };
const NETWORKING = 'networking.k8s.io/v1';
const RBAC = { served: 'rbac.authorization.k8s.io/v1', lifetime: ['1.17', '1.22'] } as const;
const STORAGE = { served: 'storage.k8s.io/v1', lifetime: ['1.19', '1.22'] } as const;
const WEBHOOKS = { served: 'admissionregistration.k8s.io/v1', lifetime: ['1.16', '1.22'] } as const;

const AUTOSCALER = {
  resource: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  served: 'autoscaling/v2',
};

/**
 * Versions that are served here for backends without them, with the version that replaces each.
 */
const KINDS: Readonly<Record<string, readonly LegacyKindOptions[]>> = {
  'batch/v1beta1': [
    {
      resource: 'cronjobs',
      kind: 'CronJob',
      served: 'batch/v1',
      lifetime: ['1.21', '1.25'],
      subresources: status,
      orphans: true,
    },
  ],
  'extensions/v1beta1': [
    {
      resource: 'ingresses',
      kind: 'Ingress',
      served: NETWORKING,
      lifetime: ['1.14', '1.22'],
      conversion: ingresses,
      subresources: status,
    },
    {
      resource: 'networkpolicies',
      kind: 'NetworkPolicy',
      served: NETWORKING,
      lifetime: ['1.9', '1.16'],
    },
    {
      resource: 'deployments',
      kind: 'Deployment',
      ...workload,
      lifetime: ['1.8', '1.16'],
      conversion: extensionsDeployments,
      subresources: scaled,
    },
    {
      resource: 'daemonsets',
      kind: 'DaemonSet',
      ...workload,
      lifetime: ['1.8', '1.16'],
      conversion: extensionsDaemonSets,
      subresources: status,
    },
    {
      resource: 'replicasets',
      kind: 'ReplicaSet',
      ...workload,
      lifetime: ['1.8', '1.16'],
      conversion: extensionsReplicaSets,
      subresources: scaled,
    },
  ],
  'apps/v1beta1': [
    {
      resource: 'deployments',
      kind: 'Deployment',
      ...workload,
      lifetime: ['1.8', '1.16'],
      conversion: appsDeployments,
      subresources: scaled,
    },
    {
      resource: 'statefulsets',
      kind: 'StatefulSet',
      ...workload,
      lifetime: ['1.8', '1.16'],
      conversion: appsStatefulSets,
      subresources: scaled,
    },
    {
      resource: 'controllerrevisions',
      kind: 'ControllerRevision',
      served: 'apps/v1',
      lifetime: ['1.8', '1.16'],
    },
  ],
  'apps/v1beta2': [
    {
      resource: 'deployments',
      kind: 'Deployment',
      ...workload,
      lifetime: ['1.9', '1.16'],
      subresources: scaled,
    },
    {
      resource: 'daemonsets',
      kind: 'DaemonSet',
      ...workload,
      lifetime: ['1.9', '1.16'],
      subresources: status,
    },
    {
      resource: 'replicasets',
      kind: 'ReplicaSet',
      ...workload,
      lifetime: ['1.9', '1.16'],
      subresources: scaled,
    },
    {
      resource: 'statefulsets',
      kind: 'StatefulSet',
      ...workload,
      lifetime: ['1.9', '1.16'],
      subresources: scaled,
    },
    {
      resource: 'controllerrevisions',
      kind: 'ControllerRevision',
      served: 'apps/v1',
      lifetime: ['1.9', '1.16'],
    },
  ],
  'networking.k8s.io/v1beta1': [
    {
      resource: 'ingresses',
      kind: 'Ingress',
      served: NETWORKING,
      lifetime: ['1.19', '1.22'],
      conversion: ingresses,
      subresources: status,
    },
    {
      resource: 'ingressclasses',
      kind: 'IngressClass',
      served: NETWORKING,
      lifetime: ['1.19', '1.22'],
    },
  ],
  'autoscaling/v2beta1': [
    { ...AUTOSCALER, lifetime: ['1.22', '1.25'], conversion: autoscalers, subresources: status },
  ],
  'autoscaling/v2beta2': [{ ...AUTOSCALER, lifetime: ['1.23', '1.26'], subresources: status }],
  'apiextensions.k8s.io/v1beta1': [
    {
      resource: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      served: 'apiextensions.k8s.io/v1',
      lifetime: ['1.16', '1.22'],
      conversion: definitions,
      subresources: status,
    },
  ],
  'policy/v1beta1': [
    {
      resource: 'poddisruptionbudgets',
      kind: 'PodDisruptionBudget',
      served: 'policy/v1',
      lifetime: ['1.21', '1.25'],
      conversion: disruptionBudgets,
      subresources: status,
    },
  ],
  'rbac.authorization.k8s.io/v1beta1': [
    { resource: 'roles', kind: 'Role', ...RBAC },
    { resource: 'rolebindings', kind: 'RoleBinding', ...RBAC },
    { resource: 'clusterroles', kind: 'ClusterRole', ...RBAC },
    { resource: 'clusterrolebindings', kind: 'ClusterRoleBinding', ...RBAC },
  ],
  'storage.k8s.io/v1beta1': [
    { resource: 'storageclasses', kind: 'StorageClass', ...STORAGE },
    { resource: 'volumeattachments', kind: 'VolumeAttachment', ...STORAGE },
    { resource: 'csidrivers', kind: 'CSIDriver', ...STORAGE },
    { resource: 'csinodes', kind: 'CSINode', ...STORAGE, lifetime: ['1.17', '1.22'] },
    {
      resource: 'csistoragecapacities',
      kind: 'CSIStorageCapacity',
      ...STORAGE,
      lifetime: ['1.24', '1.27'],
    },
  ],
  'events.k8s.io/v1beta1': [
    { resource: 'events', kind: 'Event', served: 'events.k8s.io/v1', lifetime: ['1.22', '1.25'] },
  ],
  'coordination.k8s.io/v1beta1': [
    {
      resource: 'leases',
      kind: 'Lease',
      served: 'coordination.k8s.io/v1',
      lifetime: ['1.19', '1.22'],
    },
  ],
  'discovery.k8s.io/v1beta1': [
    {
      resource: 'endpointslices',
      kind: 'EndpointSlice',
      served: 'discovery.k8s.io/v1',
      lifetime: ['1.21', '1.25'],
      conversion: endpointSlices,
    },
  ],
  'admissionregistration.k8s.io/v1beta1': [
    {
      resource: 'validatingwebhookconfigurations',
      kind: 'ValidatingWebhookConfiguration',
      ...WEBHOOKS,
      conversion: validatingWebhooks,
    },
    {
      resource: 'mutatingwebhookconfigurations',
      kind: 'MutatingWebhookConfiguration',
      ...WEBHOOKS,
      conversion: mutatingWebhooks,
    },
  ],
  'certificates.k8s.io/v1beta1': [
    {
      resource: 'certificatesigningrequests',
      kind: 'CertificateSigningRequest',
      served: 'certificates.k8s.io/v1',
      lifetime: ['1.19', '1.22'],
      conversion: certificateRequests,
      subresources: { ...status, approval: undefined },
    },
  ],
  'scheduling.k8s.io/v1beta1': [
    {
      resource: 'priorityclasses',
      kind: 'PriorityClass',
      served: 'scheduling.k8s.io/v1',
      lifetime: ['1.14', '1.22'],
    },
  ],
};

/** All kinds of older versions, in the order in which discovery lists them. */
export const LEGACY_KINDS: readonly LegacyKind[] = Object.entries(KINDS).flatMap(
  ([apiVersion, kinds]) => kinds.map((options) => makeLegacyKind(apiVersion, options)),
);

const byPath = new Map<string, LegacyKind>(
  LEGACY_KINDS.map((kind) => [`${kind.group}/${kind.version}/${kind.resource}`, kind]),
);

/** Returns the kind of an older version that a resource is; undefined for others. */
export function legacyKindOf(
  group: string,
  version: string,
  resource: string,
): LegacyKind | undefined {
  return byPath.get(`${group}/${version}/${resource}`);
}
