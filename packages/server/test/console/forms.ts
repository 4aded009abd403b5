// The forms of the console of KubeSphere 3.0: each write as the browser sends it.
import type { ConsoleCall } from './console.ts';

const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const TENANT = '/kapis/tenant.kubesphere.io/v1alpha2';
const CREATOR = 'kubesphere.io/creator';

/** Adds the creator, as the console does. */
const annotate = (creator: string, more: Record<string, string> = {}) => ({
  [CREATOR]: creator,
  ...more,
});

/** The form of a new user. */
export const newUser = (
  creator: string,
  name: string,
  role: string,
  password: string,
): ConsoleCall => ({
  method: 'POST',
  path: `${IAM}/users`,
  body: {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name, annotations: annotate(creator, { 'iam.kubesphere.io/globalrole': role }) },
    spec: { email: `${name}@example.com`, password },
  },
});

/** The same form in the console of 3.4: the users choose their own password. */
export function withoutPassword(form: ConsoleCall): ConsoleCall {
  const body = form.body as { metadata: { annotations: Record<string, string> } };
  const annotations = { ...body.metadata.annotations, 'iam.kubesphere.io/uninitialized': 'true' };

  return { ...form, body: { ...body, metadata: { ...body.metadata, annotations } } };
}

/** The page of the console of 3.4 for a first password. */
export const firstPassword = (name: string, password: string): ConsoleCall => ({
  method: 'PATCH',
  path: `/apis/iam.kubesphere.io/v1alpha2/users/${name}`,
  type: 'application/json-patch+json',
  body: [
    { op: 'remove', path: '/metadata/annotations/iam.kubesphere.io~1uninitialized' },
    { op: 'replace', path: '/spec/password', value: password },
  ],
});

/** The form of a new workspace. */
export const newWorkspace = (creator: string, name: string, manager: string): ConsoleCall => ({
  method: 'POST',
  path: `${TENANT}/workspaces`,
  body: {
    apiVersion: 'tenant.kubesphere.io/v1alpha2',
    kind: 'WorkspaceTemplate',
    metadata: {
      name,
      annotations: annotate(creator, { 'kubesphere.io/alias-name': `${name} team` }),
    },
    spec: { template: { spec: { manager } } },
  },
});

/** The dialog that invites members of a workspace. */
export const inviteToWorkspace = (
  workspace: string,
  username: string,
  role: string,
): ConsoleCall => ({
  method: 'POST',
  path: `${IAM}/workspaces/${workspace}/workspacemembers`,
  body: [{ username, roleRef: `${workspace}-${role}` }],
});

/** The form of a new project. */
export const newProject = (creator: string, workspace: string, name: string): ConsoleCall => ({
  method: 'POST',
  path: `${TENANT}/workspaces/${workspace}/namespaces`,
  body: {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { 'kubesphere.io/workspace': workspace },
      annotations: annotate(creator, { 'kubesphere.io/description': 'made in the console' }),
    },
  },
});

/** The dialog that invites members of a project. */
export const inviteToProject = (project: string, username: string, role: string): ConsoleCall => ({
  method: 'POST',
  path: `${IAM}/namespaces/${project}/members`,
  body: [{ username, roleRef: role }],
});

const podTemplate = (app: string) => ({
  metadata: { labels: { app }, annotations: { 'logging.kubesphere.io/logsidecar-config': '{}' } },
  spec: {
    containers: [
      {
        name: `container-${app}`,
        image: 'nginx:1.19',
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: 'http-80', protocol: 'TCP', containerPort: 80, servicePort: 80 }],
      },
    ],
    serviceAccount: 'default',
    affinity: {},
    initContainers: [],
    volumes: [],
    imagePullSecrets: null,
  },
});

/** The forms of all kinds that a project has pages for. */
export function workloadForms(creator: string, project: string): readonly ConsoleCall[] {
  const metadata = (name: string, labels: Record<string, string> = {}) => ({
    namespace: project,
    name,
    labels,
    annotations: annotate(creator),
  });

  const post = (group: string, resource: string, body: unknown): ConsoleCall => ({
    method: 'POST',
    path: `${group}/namespaces/${project}/${resource}`,
    body,
  });

  const dryRunFirst = (call: ConsoleCall): ConsoleCall[] => [
    { ...call, path: `${call.path}?dryRun=All` },
    call,
  ];

  const workload = (kind: string, app: string, spec: object) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: metadata(app, { app }),
    spec: { replicas: 1, selector: { matchLabels: { app } }, template: podTemplate(app), ...spec },
  });

  const rolling = {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
  };

  const job = {
    ...podTemplate('once'),
    spec: { ...podTemplate('once').spec, restartPolicy: 'Never' },
  };

  return [
    ...dryRunFirst(post('/apis/apps/v1', 'deployments', workload('Deployment', 'web', rolling))),
    ...dryRunFirst(
      post(
        '/apis/apps/v1',
        'statefulsets',
        workload('StatefulSet', 'db', { serviceName: 'db-hs' }),
      ),
    ),
    ...dryRunFirst(
      post('/api/v1', 'services', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata('web', { app: 'web' }),
        spec: {
          sessionAffinity: 'None',
          selector: { app: 'web' },
          ports: [{ name: 'http-80', protocol: 'TCP', port: 80, targetPort: 80 }],
          template: { metadata: { labels: {} } },
        },
      }),
    ),
    ...dryRunFirst(
      post('/apis/batch/v1', 'jobs', {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: metadata('once', { app: 'once' }),
        spec: { completions: 1, parallelism: 1, backoffLimit: 5, template: job },
      }),
    ),
    ...dryRunFirst(
      post('/apis/batch/v1beta1', 'cronjobs', {
        apiVersion: 'batch/v1beta1',
        kind: 'CronJob',
        metadata: metadata('tick', { app: 'tick' }),
        spec: {
          schedule: '0 0 * * *',
          concurrencyPolicy: 'Forbid',
          suspend: false,
          jobTemplate: { metadata: { labels: { app: 'tick' } }, spec: { template: job } },
        },
      }),
    ),
    ...dryRunFirst(
      post('/apis/extensions/v1beta1', 'ingresses', {
        apiVersion: 'extensions/v1beta1',
        kind: 'Ingress',
        metadata: metadata('route', { app: 'web' }),
        spec: {
          rules: [
            {
              protocol: 'http',
              host: `web.${project}.192.0.2.1.nip.io`,
              http: { paths: [{ path: '/', backend: { serviceName: 'web', servicePort: 80 } }] },
            },
          ],
          tls: [],
        },
      }),
    ),
    post('/apis/autoscaling/v2beta2', 'horizontalpodautoscalers', {
      apiVersion: 'autoscaling/v2beta2',
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'web',
        namespace: project,
        annotations: { cpuCurrentUtilization: '', cpuTargetUtilization: '50' },
      },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    }),
    post('/api/v1', 'configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('conf'),
      spec: { template: { metadata: { labels: {} } } },
      data: { key: 'value' },
    }),
    post('/api/v1', 'secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('sec'),
      spec: { template: { metadata: { labels: {} } } },
      type: 'Opaque',
      data: { password: 'c2VjcmV0' },
    }),
    post('/api/v1', 'persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata('data'),
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'local',
      },
    }),
    post('/api/v1', 'resourcequotas', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: project, namespace: project },
      spec: { hard: { pods: '20' } },
    }),
    post('/api/v1', 'limitranges', {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: metadata('limits'),
      spec: {
        limits: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '100m' } }],
      },
    }),
  ];
}

/** Changes on the pages of a project: of scale, of an annotation, of a whole object. */
export function changes(
  project: string,
  deployment: Record<string, unknown>,
): readonly ConsoleCall[] {
  const path = `/apis/apps/v1/namespaces/${project}/deployments/web`;

  return [
    { method: 'PATCH', path, body: { spec: { replicas: 2 } } },
    {
      method: 'PATCH',
      path: `/apis/batch/v1beta1/namespaces/${project}/cronjobs/tick`,
      body: { spec: { suspend: true } },
    },
    {
      method: 'PATCH',
      path: `/apis/extensions/v1beta1/namespaces/${project}/ingresses/route`,
      body: { metadata: { annotations: { 'kubesphere.io/description': 'changed' } } },
    },
    { method: 'PUT', path, body: deployment },
  ];
}
