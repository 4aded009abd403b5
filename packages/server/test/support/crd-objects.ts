import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** A sample of a kind: an object with every required field, and a change of it. */
export interface CrdSample {
  apiVersion: string;
  kind: string;
  plural: string;
  namespaced?: boolean;
  /** The CRD has the status subresource, which alone can write the status. */
  statusApart?: boolean;
  /** All fields but `apiVersion`, `kind` and `metadata`. */
  body: Record<string, unknown>;
  /** A valid merge patch. */
  change: Record<string, unknown>;
  /** A valid status, if the kind has fields for one. */
  status?: Record<string, unknown>;
  /**
   * Fields without which an object of 3.0 is refused, as paths: `spec.pipeline.parameters[0].name`.
   */
  required?: readonly string[];
}

const flags = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, true]));
const below = (path: string, names: string) => names.split(' ').map((name) => `${path}.${name}`);

const FEATURES = {
  topology: true,
  volume: { ...flags('create attach list clone stats'), expandMode: 'OFFLINE' },
  snapshot: flags('create list'),
};

const FEATURE_FIELDS = [
  'spec.features.topology',
  ...below('spec.features.volume', 'create attach list clone stats expandMode'),
  ...below('spec.features.snapshot', 'create list'),
];

const CGROUPS = 'memoryLimitBytes cpuShares cpuPeriod cpuQuota memorySwap';
const DOCKER = 'endPoint certFile keyFile caFile';

const PEERS = [
  { namespace: { name: 'n' } },
  { service: { name: 's', namespace: 'n' } },
  { ipBlock: { cidr: '1.2.3.0/24' } },
];

const peerFields = (path: string) => [
  `${path}[0].namespace.name`,
  ...below(`${path}[1].service`, 'name namespace'),
  `${path}[2].ipBlock.cidr`,
];

const binding = {
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'nobody' }],
  roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'nosuch' },
};

const BINDING_FIELDS = [
  'roleRef',
  ...below('roleRef', 'apiGroup kind name'),
  ...below('subjects[0]', 'kind name'),
];

const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];

/** The kinds whose operations 3.0 published. */
export const PUBLISHED: readonly CrdSample[] = [
  {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    plural: 'clusters',
    body: { spec: { provider: 'x', connection: { type: 'direct' } } },
    change: { spec: { provider: 'y' } },
    status: { kubernetesVersion: 'v1.18.0' },
  },
  {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iBinary',
    plural: 's2ibinaries',
    namespaced: true,
    body: { spec: { fileName: 'a.jar', md5: 'x', size: '1M' } },
    change: { spec: { size: '2M' } },
    status: { phase: 'Ready' },
  },
  {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iBuilder',
    plural: 's2ibuilders',
    namespaced: true,
    statusApart: true,
    body: {
      spec: {
        config: {
          imageName: 'a/b',
          sourceUrl: 'https://example.com/x',
          cgroupLimits: {
            ...Object.fromEntries(CGROUPS.split(' ').map((name) => [name, 1])),
            parent: '/',
          },
          dockerConfig: {
            ...Object.fromEntries(DOCKER.split(' ').map((name) => [name, 'x'])),
            ...flags('useTLS tlsVerify'),
          },
        },
      },
    },
    change: { spec: { config: { imageName: 'a/c' } } },
    status: { runCount: 2, lastRunState: 'Successful' },
    required: [
      ...below('spec.config', 'imageName sourceUrl'),
      ...below('spec.config.cgroupLimits', `${CGROUPS} parent`),
      ...below('spec.config.dockerConfig', `${DOCKER} useTLS tlsVerify`),
    ],
  },
  {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iBuilderTemplate',
    plural: 's2ibuildertemplates',
    body: { spec: { codeFramework: 'java', version: '1' } },
    change: { spec: { version: '2' } },
  },
  {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iRun',
    plural: 's2iruns',
    namespaced: true,
    statusApart: true,
    body: { spec: { builderName: 'b' } },
    change: { spec: { newTag: 't' } },
    status: { runState: 'Successful' },
    required: ['spec.builderName'],
  },
  {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'DevOpsProject',
    plural: 'devopsprojects',
    body: { spec: {} },
    change: { metadata: { annotations: { changed: 'yes' } } },
    status: { adminNamespace: 'x' },
  },
  {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'Pipeline',
    plural: 'pipelines',
    namespaced: true,
    body: {
      spec: {
        type: 'pipeline',
        pipeline: { name: 'p', parameters: [{ name: 'a', type: 'string' }] },
        multi_branch_pipeline: { name: 'm', source_type: 'git', script_path: 'Jenkinsfile' },
      },
    },
    change: { spec: { pipeline: { description: 'changed' } } },
    required: [
      'spec.type',
      'spec.pipeline.name',
      ...below('spec.pipeline.parameters[0]', 'name type'),
      ...below('spec.multi_branch_pipeline', 'name source_type script_path'),
    ],
  },
  {
    apiVersion: 'network.kubesphere.io/v1alpha1',
    kind: 'NamespaceNetworkPolicy',
    plural: 'namespacenetworkpolicies',
    namespaced: true,
    body: { spec: { ingress: [{ from: PEERS }], egress: [{ to: PEERS }] } },
    change: { spec: { policyTypes: ['Ingress'] } },
    required: [...peerFields('spec.ingress[0].from'), ...peerFields('spec.egress[0].to')],
  },
  {
    apiVersion: 'tenant.kubesphere.io/v1alpha1',
    kind: 'Workspace',
    plural: 'workspaces',
    body: { spec: { manager: '' } },
    change: { spec: { networkIsolation: true } },
  },
];

/** Other kinds with fields that 3.0 requires. */
export const OTHERS: readonly CrdSample[] = [
  {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    plural: 'users',
    body: { spec: { email: 'somebody@example.com' } },
    change: {},
    required: ['spec.email'],
  },
  {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'LoginRecord',
    plural: 'loginrecords',
    body: { spec: { type: 'Basic', provider: '', sourceIP: '', success: true, reason: '' } },
    change: {},
    required: below('spec', 'type provider sourceIP success reason'),
  },
  ...['GlobalRole', 'WorkspaceRole'].flatMap((kind): CrdSample[] => {
    const plural = `${kind.toLowerCase()}s`;
    const apiVersion = 'iam.kubesphere.io/v1alpha2';
    const bindings = `${kind.toLowerCase()}bindings`;

    return [
      { apiVersion, kind, plural, body: { rules }, change: {}, required: ['rules[0].verbs'] },
      {
        apiVersion,
        kind: `${kind}Binding`,
        plural: bindings,
        body: binding,
        change: {},
        required: BINDING_FIELDS,
      },
    ];
  }),
  {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'RoleBase',
    plural: 'rolebases',
    body: {
      role: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'x' },
        rules,
      },
    },
    change: {},
    required: ['role'],
  },
  {
    apiVersion: 'tenant.kubesphere.io/v1alpha2',
    kind: 'WorkspaceTemplate',
    plural: 'workspacetemplates',
    body: {
      spec: {
        template: { spec: { manager: '' } },
        placement: {},
        overrides: [
          { clusterName: 'c', clusterOverrides: [{ path: '/spec/manager', value: 'x' }] },
        ],
      },
    },
    change: {},
    // A missing `placement` is defaulted.
    required: [
      'spec.template',
      'spec.template.spec',
      'spec.overrides[0].clusterName',
      ...below('spec.overrides[0].clusterOverrides[0]', 'path value'),
    ],
  },
  {
    apiVersion: 'storage.kubesphere.io/v1alpha1',
    kind: 'ProvisionerCapability',
    plural: 'provisionercapabilities',
    body: { spec: { pluginInfo: { name: 'p', version: '1' }, features: FEATURES } },
    change: {},
    required: [...below('spec.pluginInfo', 'name version'), ...FEATURE_FIELDS],
  },
  {
    apiVersion: 'storage.kubesphere.io/v1alpha1',
    kind: 'StorageClassCapability',
    plural: 'storageclasscapabilities',
    body: { spec: { provisioner: 'p', features: FEATURES } },
    change: {},
    required: ['spec.provisioner', ...FEATURE_FIELDS],
  },
];

/** Returns an object of a kind. */
export function sampleOf(
  { apiVersion, kind, body }: CrdSample,
  name: string,
  labels: Record<string, string> = {},
) {
  return {
    apiVersion,
    kind,
    metadata: { name, labels },
    ...structuredClone(body),
  } as KubeObject & {
    [field: string]: unknown;
  };
}

/** Returns an object without one of its fields. */
export function withoutField<T extends object>(object: T, path: string): T {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  const last = steps.pop()!;
  const copy = structuredClone(object);

  const parent = steps.reduce(
    (at, step) => at[step] as Record<string, unknown>,
    copy as Record<string, unknown>,
  );

  if (!Object.hasOwn(parent, last)) {
    throw new Error(`the sample has no ${path}`);
  }

  delete parent[last];

  return copy;
}
