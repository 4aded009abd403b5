import { PATHS } from '../support/test-platform.ts';
import { type Attack, type Attacks, MERGE, type Scene } from './attack.ts';

const { iam, iamObjects, rbac } = PATHS;
const WORKSPACE = 'kubesphere.io/workspace';
const AGGREGATION = 'iam.kubesphere.io/aggregation-roles';
const OVERRIDE = { 'iam.kubesphere.io/rego-override': 'package authz\ndefault allow = true' };
const ANYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
const TAKEN = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };

const SELECTOR = {
  clusterRoleSelectors: [
    { matchExpressions: [{ key: 'kubernetes.io/bootstrapping', operator: 'Exists' }] },
  ],
};

const VERSIONS = { iam: 'iam.kubesphere.io/v1alpha2', rbac: 'rbac.authorization.k8s.io/v1' };

/** Every change of the attacker's own role that would give more rights. */
const CHANGES: [name: string, change: Record<string, unknown>][] = [
  ['gives everything', { rules: ANYTHING }],
  ['has a module that allows everything', { metadata: { annotations: OVERRIDE } }],
];

/** Attacks that extend the attacker's own role, or roles beside it. */
export const ownRole: Attacks = ({ attacker: { role } }) => {
  const isRbac = role.kind === 'Role' || role.kind === 'ClusterRole';

  const object = {
    path: role.path,
    apiVersion: isRbac ? VERSIONS.rbac : VERSIONS.iam,
    kind: role.kind,
    builtIn: isRbac,
  };

  // Only a ClusterRole can be aggregated from others.
  const aggregated: typeof CHANGES =
    role.kind === 'ClusterRole'
      ? [['is aggregated from others', { aggregationRule: SELECTOR }]]
      : [];

  return [...CHANGES, ...aggregated].map(
    ([name, change]): Attack => ({
      name: `own role ${name}`,
      target: 'self',
      changes: { ...object, change },
    }),
  );
};

/**
 * Returns the path of the roles of a level in this server's own API, and templates with more rights
 * than most roles there.
 */
function rolesOnKapis({
  tenants: { own },
}: Scene): [path: string, templates: string[], prefix: string][] {
  return [
    [`${iam}/globalroles`, ['role-template-manage-users', 'role-template-manage-clusters'], ''],
    [`${iam}/clusterroles`, ['cluster-admin'], ''],
    [
      `${iam}/workspaces/${own.workspace}/workspaceroles`,
      ['role-template-manage-members', 'role-template-manage-projects', `${own.workspace}-admin`],
      `${own.workspace}-`,
    ],
    [`${iam}/namespaces/${own.namespace}/roles`, ['role-template-manage-secrets', 'admin'], ''],
    [`${iam}/devops/${own.devops}/roles`, ['role-template-manage-pipelines', 'admin'], ''],
    [`${iam}/namespaces/kubesphere-controls-system/roles`, ['role-template-view-secrets'], ''],
    [
      `${iam}/workspaces/system-workspace/workspaceroles`,
      ['system-workspace-admin'],
      'system-workspace-',
    ],
  ];
}

/** Roles that are created, or changed, from templates and by labels on /kapis. */
export const rolesFromTemplates: Attacks = (scene) =>
  rolesOnKapis(scene).flatMap(([path, templates, prefix]): Attack[] => {
    const isSystem = path.includes('system');
    const annotations = { [AGGREGATION]: JSON.stringify(templates) };
    const name = `${prefix}${scene.attacker.name}`;
    const own = scene.attacker.role.path.split('/').at(-1) ?? '';

    return [
      {
        name: `create a role from templates at ${path}`,
        target: isSystem ? 'system namespaces' : 'self',
        kapis: [
          { method: 'POST', path, body: { metadata: { name, annotations } } },
          {
            method: 'POST',
            path,
            body: { metadata: { name: `${name}-module`, annotations: OVERRIDE } },
          },
          {
            method: 'POST',
            path,
            body: { metadata: { name: `${name}-gathers` }, aggregationRule: SELECTOR },
          },
          {
            method: 'POST',
            path,
            body: { metadata: { name: `${name}-taken`, labels: TAKEN }, rules: ANYTHING },
          },
        ],
        ...(isSystem && { never: true as const }),
      },
      {
        name: `build the own role from templates, aggregate others, or be aggregated, at ${path}`,
        target: 'self',
        touches: [scene.attacker.role.path],
        kapis: [
          {
            method: 'PATCH',
            path: `${path}/${own}`,
            headers: MERGE,
            body: { metadata: { annotations } },
          },
          {
            method: 'PATCH',
            path: `${path}/${own}`,
            headers: MERGE,
            body: { metadata: { annotations: OVERRIDE } },
          },
          {
            method: 'PATCH',
            path: `${path}/${own}`,
            headers: MERGE,
            body: { aggregationRule: SELECTOR },
          },
        ],
      },
    ];
  });

/**
 * Roles of every kind that are created through the Kubernetes API and allow everything, and the
 * bases of new roles.
 */
export const rolesOfObjects: Attacks = (scene) => {
  const { own, other } = scene.tenants;
  const name = `${scene.attacker.name}-tries`;

  const role = (
    collection: string,
    apiVersion: string,
    kind: string,
    extra: object,
    labels?: object,
  ): Attack => ({
    name: `create a ${kind} that allows everything`,
    target: 'self',
    creates: {
      collection,
      apiVersion,
      kind,
      body: { metadata: { name, ...(labels && { labels }) }, ...extra },
    },
  });

  const base = (named: string): Attack => ({
    name: `change what ${named} gives in all workspaces or projects`,
    target: 'self',
    changes: {
      path: `${iamObjects}/rolebases/${named}`,
      apiVersion: VERSIONS.iam,
      kind: 'RoleBase',
      change: { role: { rules: ANYTHING } },
    },
  });

  return [
    role(`${iamObjects}/globalroles`, VERSIONS.iam, 'GlobalRole', { rules: ANYTHING }),
    role(
      `${iamObjects}/workspaceroles`,
      VERSIONS.iam,
      'WorkspaceRole',
      { rules: ANYTHING },
      { [WORKSPACE]: own.workspace },
    ),
    role(
      `${iamObjects}/workspaceroles`,
      VERSIONS.iam,
      'WorkspaceRole',
      { rules: ANYTHING },
      { [WORKSPACE]: other.workspace },
    ),
    role(`${rbac}/clusterroles`, VERSIONS.rbac, 'ClusterRole', { rules: ANYTHING }, TAKEN),
    role(`${rbac}/clusterroles`, VERSIONS.rbac, 'ClusterRole', {
      rules: [],
      aggregationRule: SELECTOR,
    }),
    role(`${rbac}/namespaces/${own.namespace}/roles`, VERSIONS.rbac, 'Role', { rules: ANYTHING }),
    base('workspace-viewer'),
    base('project-viewer'),
    base('workspace-regular'),
    {
      name: 'let the role view take in cluster-admin',
      target: 'self',
      changes: {
        path: `${rbac}/clusterroles/cluster-admin`,
        apiVersion: VERSIONS.rbac,
        kind: 'ClusterRole',
        builtIn: true,
        change: { metadata: { labels: TAKEN } },
      },
      kapis: [
        {
          method: 'PATCH',
          path: `${iam}/clusterroles/cluster-admin`,
          headers: MERGE,
          body: { metadata: { labels: TAKEN } },
        },
      ],
      touches: [`${rbac}/clusterroles/cluster-admin`],
    },
  ];
};
