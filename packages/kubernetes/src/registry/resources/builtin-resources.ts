import type { ResourceType, Subresource } from './resource-type.ts';

const STATUS: Subresource = { name: 'status', verbs: ['get', 'patch', 'update'] };

const SCALE: Subresource = {
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
};

const proxyTo = (kind: string): Subresource => ({
  name: 'proxy',
  verbs: ['create', 'delete', 'get', 'patch', 'update'],
  kind,
});

const ALL_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;

interface RowOptions {
  cluster?: true;
  short?: readonly string[];
  categories?: readonly string[];
  /** Without it all verbs. */
  verbs?: readonly string[];
  subresources?: readonly Subresource[];
  /** The stored group and resource of kinds that are served under several names. */
  stored?: { group?: string; version: string };
}

/** Kind, plural name, and what differs from a namespaced kind with all verbs. */
type Row = readonly [kind: string, resource: string, options?: RowOptions];

/**
 * Every built-in kind by group and version, in discovery's order (Kubernetes 1.36 API reference).
 */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  '/v1': [
    ['Binding', 'bindings', { verbs: ['create'] }],
    [
      'ComponentStatus',
      'componentstatuses',
      { cluster: true, short: ['cs'], verbs: ['get', 'list'] },
    ],
    ['ConfigMap', 'configmaps', { short: ['cm'] }],
    ['Endpoints', 'endpoints', { short: ['ep'] }],
    ['Event', 'events', { short: ['ev'] }],
    ['LimitRange', 'limitranges', { short: ['limits'] }],
    [
      'Namespace',
      'namespaces',
      {
        cluster: true,
        short: ['ns'],
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
        subresources: [{ name: 'finalize', verbs: ['update'] }, STATUS],
      },
    ],
    [
      'Node',
      'nodes',
      { cluster: true, short: ['no'], subresources: [proxyTo('NodeProxyOptions'), STATUS] },
    ],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', { short: ['pvc'], subresources: [STATUS] }],
    [
      'PersistentVolume',
      'persistentvolumes',
      { cluster: true, short: ['pv'], subresources: [STATUS] },
    ],
    [
      'Pod',
      'pods',
      {
        short: ['po'],
        categories: ['all'],
        subresources: [
          { name: 'attach', verbs: ['create', 'get'], kind: 'PodAttachOptions' },
          { name: 'binding', verbs: ['create'], kind: 'Binding' },
          { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'] },
          { name: 'eviction', verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
          { name: 'exec', verbs: ['create', 'get'], kind: 'PodExecOptions' },
          { name: 'log', verbs: ['get'] },
          { name: 'portforward', verbs: ['create', 'get'], kind: 'PodPortForwardOptions' },
          proxyTo('PodProxyOptions'),
          { name: 'resize', verbs: ['get', 'patch', 'update'] },
          STATUS,
        ],
      },
    ],
    ['PodTemplate', 'podtemplates'],
    [
      'ReplicationController',
      'replicationcontrollers',
      { short: ['rc'], categories: ['all'], subresources: [SCALE, STATUS] },
    ],
    ['ResourceQuota', 'resourcequotas', { short: ['quota'], subresources: [STATUS] }],
    ['Secret', 'secrets'],
    [
      'ServiceAccount',
      'serviceaccounts',
      {
        short: ['sa'],
        subresources: [
          {
            name: 'token',
            verbs: ['create'],
            kind: 'TokenRequest',
            group: 'authentication.k8s.io',
            version: 'v1',
          },
        ],
      },
    ],
    [
      'Service',
      'services',
      {
        short: ['svc'],
        categories: ['all'],
        subresources: [proxyTo('ServiceProxyOptions'), STATUS],
      },
    ],
  ],
  'apiregistration.k8s.io/v1': [
    [
      'APIService',
      'apiservices',
      { cluster: true, categories: ['api-extensions'], subresources: [STATUS] },
    ],
  ],
  'apps/v1': [
    ['ControllerRevision', 'controllerrevisions'],
    ['DaemonSet', 'daemonsets', { short: ['ds'], categories: ['all'], subresources: [STATUS] }],
    [
      'Deployment',
      'deployments',
      { short: ['deploy'], categories: ['all'], subresources: [SCALE, STATUS] },
    ],
    [
      'ReplicaSet',
      'replicasets',
      { short: ['rs'], categories: ['all'], subresources: [SCALE, STATUS] },
    ],
    [
      'StatefulSet',
      'statefulsets',
      { short: ['sts'], categories: ['all'], subresources: [SCALE, STATUS] },
    ],
  ],
  'events.k8s.io/v1': [
    ['Event', 'events', { short: ['ev'], stored: { group: '', version: 'v1' } }],
  ],
  'authentication.k8s.io/v1': [
    ['SelfSubjectReview', 'selfsubjectreviews', { cluster: true, verbs: ['create'] }],
    ['TokenReview', 'tokenreviews', { cluster: true, verbs: ['create'] }],
  ],
  'authorization.k8s.io/v1': [
    ['LocalSubjectAccessReview', 'localsubjectaccessreviews', { verbs: ['create'] }],
    ['SelfSubjectAccessReview', 'selfsubjectaccessreviews', { cluster: true, verbs: ['create'] }],
    ['SelfSubjectRulesReview', 'selfsubjectrulesreviews', { cluster: true, verbs: ['create'] }],
    ['SubjectAccessReview', 'subjectaccessreviews', { cluster: true, verbs: ['create'] }],
  ],
  'autoscaling/v2': [
    [
      'HorizontalPodAutoscaler',
      'horizontalpodautoscalers',
      { short: ['hpa'], categories: ['all'], subresources: [STATUS] },
    ],
  ],
  'autoscaling/v1': [
    [
      'HorizontalPodAutoscaler',
      'horizontalpodautoscalers',
      { short: ['hpa'], categories: ['all'], stored: { version: 'v2' }, subresources: [STATUS] },
    ],
  ],
  'batch/v1': [
    ['CronJob', 'cronjobs', { short: ['cj'], categories: ['all'], subresources: [STATUS] }],
    ['Job', 'jobs', { categories: ['all'], subresources: [STATUS] }],
  ],
  'certificates.k8s.io/v1': [
    [
      'CertificateSigningRequest',
      'certificatesigningrequests',
      {
        cluster: true,
        short: ['csr'],
        subresources: [{ name: 'approval', verbs: ['get', 'patch', 'update'] }, STATUS],
      },
    ],
  ],
  'networking.k8s.io/v1': [
    ['IngressClass', 'ingressclasses', { cluster: true }],
    ['Ingress', 'ingresses', { short: ['ing'], subresources: [STATUS] }],
    ['IPAddress', 'ipaddresses', { cluster: true, short: ['ip'] }],
    ['NetworkPolicy', 'networkpolicies', { short: ['netpol'] }],
    ['ServiceCIDR', 'servicecidrs', { cluster: true, subresources: [STATUS] }],
  ],
  'policy/v1': [
    ['PodDisruptionBudget', 'poddisruptionbudgets', { short: ['pdb'], subresources: [STATUS] }],
  ],
  'rbac.authorization.k8s.io/v1': [
    ['ClusterRoleBinding', 'clusterrolebindings', { cluster: true }],
    ['ClusterRole', 'clusterroles', { cluster: true }],
    ['RoleBinding', 'rolebindings'],
    ['Role', 'roles'],
  ],
  'storage.k8s.io/v1': [
    ['CSIDriver', 'csidrivers', { cluster: true }],
    ['CSINode', 'csinodes', { cluster: true }],
    ['CSIStorageCapacity', 'csistoragecapacities'],
    ['StorageClass', 'storageclasses', { cluster: true, short: ['sc'] }],
    ['VolumeAttachment', 'volumeattachments', { cluster: true, subresources: [STATUS] }],
    ['VolumeAttributesClass', 'volumeattributesclasses', { cluster: true, short: ['vac'] }],
  ],
  'admissionregistration.k8s.io/v1': [
    [
      'MutatingWebhookConfiguration',
      'mutatingwebhookconfigurations',
      { cluster: true, categories: ['api-extensions'] },
    ],
    [
      'ValidatingAdmissionPolicy',
      'validatingadmissionpolicies',
      { cluster: true, categories: ['api-extensions'], subresources: [STATUS] },
    ],
    [
      'ValidatingAdmissionPolicyBinding',
      'validatingadmissionpolicybindings',
      { cluster: true, categories: ['api-extensions'] },
    ],
    [
      'ValidatingWebhookConfiguration',
      'validatingwebhookconfigurations',
      { cluster: true, categories: ['api-extensions'] },
    ],
  ],
  'apiextensions.k8s.io/v1': [
    [
      'CustomResourceDefinition',
      'customresourcedefinitions',
      {
        cluster: true,
        short: ['crd', 'crds'],
        categories: ['api-extensions'],
        subresources: [STATUS],
      },
    ],
  ],
  'scheduling.k8s.io/v1': [['PriorityClass', 'priorityclasses', { cluster: true, short: ['pc'] }]],
  'coordination.k8s.io/v1': [['Lease', 'leases']],
  'node.k8s.io/v1': [['RuntimeClass', 'runtimeclasses', { cluster: true }]],
  'discovery.k8s.io/v1': [['EndpointSlice', 'endpointslices']],
  'flowcontrol.apiserver.k8s.io/v1': [
    ['FlowSchema', 'flowschemas', { cluster: true, subresources: [STATUS] }],
    [
      'PriorityLevelConfiguration',
      'prioritylevelconfigurations',
      { cluster: true, subresources: [STATUS] },
    ],
  ],
};

function typeOf(groupVersion: string, [kind, resource, options = {}]: Row): ResourceType {
  const [group = '', version = ''] = groupVersion.split('/');

  return {
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced: !options.cluster,
    shortNames: options.short ?? [],
    categories: options.categories ?? [],
    verbs: options.verbs ?? ALL_VERBS,
    subresources: options.subresources ?? [],
    storage: {
      group: options.stored?.group ?? group,
      version: options.stored?.version ?? version,
      resource,
    },
  };
}

/** The one table of built-in resources, which discovery, routing, storage, OpenAPI and RBAC use. */
export const BUILTIN_RESOURCES: readonly ResourceType[] = Object.entries(TABLE).flatMap(
  ([groupVersion, rows]) => rows.map((row) => typeOf(groupVersion, row)),
);
