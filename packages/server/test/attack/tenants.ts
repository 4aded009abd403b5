import { PATHS } from '../support/test-platform.ts';
import { type Attack, type Attacks, MERGE, type Target } from './attack.ts';

const { iam, tenant, templates, devops } = PATHS;
const V3 = tenant.replace('v1alpha2', 'v1alpha3');
const WORKSPACE = 'kubesphere.io/workspace';
const CREATOR = 'kubesphere.io/creator';
const DEVOPS = 'kubesphere.io/devopsproject';

/** Managers of workspaces. */
export const managers: Attacks = ({ tenants: { own, other }, attacker, other: somebody }) => {
  const places: [workspace: string, target?: Target][] = [
    [own.workspace],
    [other.workspace, 'another tenant'],
    ['system-workspace', 'system-workspace'],
  ];

  return [attacker.name, somebody].flatMap((manager) =>
    places.map(([workspace, place]): Attack => {
      const change = { spec: { template: { spec: { manager } } } };

      return {
        name: `become manager of ${workspace}`,
        target: place ?? (manager === attacker.name ? 'self' : 'other user'),
        kapis: [
          {
            method: 'PATCH',
            path: `${tenant}/workspaces/${workspace}`,
            headers: MERGE,
            body: change,
          },
          {
            method: 'PATCH',
            path: `${V3}/workspacetemplates/${workspace}`,
            headers: MERGE,
            body: change,
          },
        ],
        changes: {
          path: `${templates}/${workspace}`,
          apiVersion: 'tenant.kubesphere.io/v1alpha2',
          kind: 'WorkspaceTemplate',
          change,
        },
        touches: [`${templates}/${workspace}`],
        ...(place === 'system-workspace' && { never: true as const }),
      };
    }),
  );
};

/**
 * Labels, annotations and owners of namespaces that grant a user rights there or move the
 * namespace.
 */
export const namespaces: Attacks = ({ tenants: { own, other }, attacker, other: somebody }) => {
  const changes: [
    name: string,
    namespace: string,
    metadata: Record<string, unknown>,
    target: Target,
    never?: true,
  ][] = [
    [
      'move the own namespace into the other workspace',
      own.namespace,
      { labels: { [WORKSPACE]: other.workspace } },
      'another tenant',
    ],
    [
      'move the own namespace into system-workspace',
      own.namespace,
      { labels: { [WORKSPACE]: 'system-workspace' } },
      'system-workspace',
      true,
    ],
    [
      "move another tenant's namespace into the own workspace",
      other.namespace,
      { labels: { [WORKSPACE]: own.workspace } },
      'another tenant',
    ],
    [
      'move kube-system into the own workspace',
      'kube-system',
      { labels: { [WORKSPACE]: own.workspace } },
      'system namespaces',
      true,
    ],
    [
      'name the attacker creator of the own namespace',
      own.namespace,
      { annotations: { [CREATOR]: attacker.name } },
      'self',
    ],
    [
      'name another user creator of the own namespace',
      own.namespace,
      { annotations: { [CREATOR]: somebody } },
      'other user',
    ],
    [
      "name the attacker creator of another tenant's namespace",
      other.namespace,
      { annotations: { [CREATOR]: attacker.name } },
      'another tenant',
    ],
    [
      'name the attacker creator of the namespace of kubeconfigs',
      'kubesphere-controls-system',
      { annotations: { [CREATOR]: attacker.name } },
      'system namespaces',
      true,
    ],
    [
      'put the own namespace into the DevOps project',
      own.namespace,
      { labels: { [DEVOPS]: own.devops } },
      'self',
    ],
    [
      'put the namespace of kubeconfigs into the DevOps project',
      'kubesphere-controls-system',
      { labels: { [DEVOPS]: own.devops } },
      'system namespaces',
      true,
    ],
  ];

  const targets = new Map<string, Attack['target']>([
    [own.workspace, 'self'],
    [other.workspace, 'another tenant'],
  ]);

  return [
    ...changes.map(([name, namespace, metadata, target, never]): Attack => {
      const change = { metadata };

      const tenantOf = [own, other].find((one) => one.namespace === namespace);
      const workspace = tenantOf?.workspace ?? 'system-workspace';

      return {
        name,
        target,
        kapis: [
          {
            method: 'PATCH',
            path: `${tenant}/workspaces/${workspace}/namespaces/${namespace}`,
            headers: MERGE,
            body: change,
          },
        ],
        calls: [
          {
            method: 'PATCH',
            path: `/api/v1/namespaces/${namespace}/status`,
            headers: MERGE,
            body: change,
          },
        ],
        changes: {
          path: `/api/v1/namespaces/${namespace}`,
          apiVersion: 'v1',
          kind: 'Namespace',
          builtIn: true,
          change,
        },
        touches: [`/api/v1/namespaces/${namespace}`],
        ...(never && { never }),
      };
    }),
    ...[own.workspace, other.workspace, 'system-workspace'].map((workspace): Attack => {
      const name = `${attacker.name}-in-${workspace}`;

      const metadata = {
        name,
        labels: { [WORKSPACE]: workspace },
        annotations: { [CREATOR]: somebody },
      };

      return {
        name: `create a namespace in ${workspace}`,
        target: targets.get(workspace) ?? 'system-workspace',
        kapis: [
          {
            method: 'POST',
            path: `${tenant}/workspaces/${workspace}/namespaces`,
            body: {
              metadata: { name: `${name}-kapis`, annotations: { [CREATOR]: attacker.name } },
            },
          },
        ],
        creates: {
          collection: '/api/v1/namespaces',
          apiVersion: 'v1',
          kind: 'Namespace',
          body: { metadata },
        },
        ...(workspace === 'system-workspace' && { never: true as const }),
      };
    }),
  ];
};

/** DevOps projects that name a namespace of another tenant, and the users whom they would admit. */
export const devopsProjects: Attacks = ({ platform, tenants: { own, other }, attacker }) => {
  const object = {
    path: `${devops}/${own.devops}`,
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'DevOpsProject',
  };

  const nameNamespace = (namespace: string, target: Target): Attack => ({
    name: `name ${namespace} as the namespace of the DevOps project`,
    target,
    changes: { ...object, change: { status: { adminNamespace: namespace } } },
    afterwards: ['PUT', 'POST'].map((method) => {
      const body = { username: attacker.name, roleRef: 'role-template-view-configmaps' };
      const path = `${iam}/devops/${own.devops}/members`;

      return method === 'PUT'
        ? { method, path: `${path}/${attacker.name}`, body }
        : { method, path, body: [body] };
    }),
  });

  return [
    nameNamespace('kubesphere-controls-system', 'system namespaces'),
    nameNamespace(other.namespace, 'another tenant'),
    {
      name: 'move the DevOps project into the other workspace',
      target: 'another tenant',
      changes: { ...object, change: { metadata: { labels: { [WORKSPACE]: other.workspace } } } },
    },
    {
      name: 'create a DevOps project that names a namespace of the platform',
      target: 'system namespaces',
      creates: {
        collection: devops,
        apiVersion: object.apiVersion,
        kind: object.kind,
        body: {
          metadata: { name: `${attacker.name}-dev`, labels: { [WORKSPACE]: own.workspace } },
          spec: {},
          status: { adminNamespace: 'kubesphere-controls-system' },
        },
      },
      broken: async () => {
        const { json } = await platform.call(`${devops}/${attacker.name}-dev`);
        return json?.status?.adminNamespace === 'kubesphere-controls-system'
          ? 'the project names it'
          : undefined;
      },
    },
  ];
};
