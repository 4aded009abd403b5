import { PATHS, type TestPlatform, userSubject } from '../test-platform.ts';
import { eventually } from '../test-server.ts';

const { iamObjects, rbac } = PATHS;
const WORKSPACE = 'kubesphere.io/workspace';
const TEMPLATE = 'iam.kubesphere.io/role-template';
const RBAC = 'rbac.authorization.k8s.io';
const IAM = 'iam.kubesphere.io';

/** The tenants of `plantTenants`: attackers belong to the first, the second is another's. */
export const TENANTS = {
  own: { workspace: 'ws-own', namespace: 'ns-own', devops: 'dev-own', devopsNamespace: 'ns-dev-own' },
  other: { workspace: 'ws-other', namespace: 'ns-other' },
} as const;

interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
}

/** Where a role is given: on the platform, in the attacker's workspace or project, in the cluster, or elsewhere as the name says. */
export type RoleLevel =
  | 'global'
  | 'workspace'
  | 'system-workspace'
  | 'project'
  | 'system-namespace'
  | 'devops'
  | 'cluster';

/** A built-in role or role template that a user can have alone. */
export interface BuiltInRole {
  level: RoleLevel;
  name: string;
  rules: readonly Rule[];
  /** The namespace of its binding, '' for none. */
  namespace: string;
  /** Path and body of the binding by which a user has it. */
  binding: (user: string) => { path: string; body: object };
}

/** Whether rules allow everything everywhere. */
function allowsEverything(rules: readonly Rule[]): boolean {
  return rules.some(({ verbs, apiGroups, resources }) =>
    [verbs, apiGroups, resources].every((values) => values?.includes('*')),
  );
}

function iamBinding(kind: 'GlobalRole' | 'WorkspaceRole', name: string, labels?: Record<string, string>) {
  return (user: string) => ({
    path: `${iamObjects}/${kind.toLowerCase()}bindings`,
    body: {
      apiVersion: `${IAM}/v1alpha2`,
      kind: `${kind}Binding`,
      metadata: { name: `${user}-${name}`, ...(labels && { labels }) },
      subjects: userSubject(user),
      roleRef: { apiGroup: IAM, kind, name },
    },
  });
}

function rbacBinding(kind: 'Role' | 'ClusterRole', name: string, namespace: string) {
  return (user: string) => ({
    path: namespace === '' ? `${rbac}/clusterrolebindings` : `${rbac}/namespaces/${namespace}/rolebindings`,
    body: {
      metadata: { name: `${user}-${name.replaceAll(':', '-')}` },
      subjects: userSubject(user),
      roleRef: { apiGroup: RBAC, kind, name },
    },
  });
}

/** Makes the two tenants, each with a workspace and a project, and a DevOps project of the first. */
export async function plantTenants(platform: TestPlatform): Promise<void> {
  for (const { workspace, namespace } of Object.values(TENANTS)) {
    await platform.workspace(workspace);
    await platform.project(namespace, workspace);
  }
  const { workspace, devops, devopsNamespace } = TENANTS.own;
  await platform.made(PATHS.devops, {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'DevOpsProject',
    metadata: { name: devops, labels: { [WORKSPACE]: workspace } },
    spec: {},
  });
  const labels = { [WORKSPACE]: workspace, 'kubesphere.io/devopsproject': devops };
  await platform.made('/api/v1/namespaces', { metadata: { name: devopsNamespace, labels } });
  await platform.made(
    `${PATHS.devops}/${devops}`,
    { status: { adminNamespace: devopsNamespace } },
    { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
  );
  await eventually(async () => {
    await platform.stored(`${rbac}/namespaces/${devopsNamespace}/roles/operator`);
    for (const role of ['admin', 'viewer', 'regular', 'self-provisioner'])
      await platform.stored(`${iamObjects}/workspaceroles/system-workspace-${role}`);
  });
}

/** ClusterRoles that a cluster has for people, and some of KubeSphere's own. */
const CLUSTER_ROLES = /^(admin|edit|view|cluster-viewer|role-template-.*|system:kubesphere-router-clusterrole)$/;

interface Listed {
  metadata: { name: string; labels?: Record<string, string> };
  rules?: Rule[];
}

/**
 * Every built-in role and role template but those that allow everything on the platform, read from the server itself; of
 * several that give the same in the same place the first one stands for all.
 */
export async function builtInRoles(platform: TestPlatform): Promise<BuiltInRole[]> {
  const { workspace, namespace, devopsNamespace } = TENANTS.own;
  const list = async (path: string): Promise<Listed[]> => (await platform.stored(path)).items;
  const roles: BuiltInRole[] = [];
  const add = (level: RoleLevel, { metadata, rules }: Listed, place: string, binding: BuiltInRole['binding']) =>
    roles.push({ level, name: metadata.name, rules: rules ?? [], namespace: place, binding });

  for (const role of await list(`${iamObjects}/globalroles`))
    if (!allowsEverything(role.rules ?? [])) add('global', role, '', iamBinding('GlobalRole', role.metadata.name));

  for (const role of await list(`${iamObjects}/workspaceroles`)) {
    const { name, labels } = role.metadata;
    const holder = labels?.[WORKSPACE];
    if (holder === workspace || holder === 'system-workspace')
      add(
        holder === workspace ? 'workspace' : 'system-workspace',
        role,
        '',
        iamBinding('WorkspaceRole', name, { [WORKSPACE]: holder }),
      );
    if (labels?.[TEMPLATE] !== 'true') continue;
    // A template has effect through a role of a workspace that is made from it.
    const own = { name: `${workspace}-only-${name}`, labels: { [WORKSPACE]: workspace } };
    const { rules } = role;
    await platform.made(`${iamObjects}/workspaceroles`, {
      apiVersion: `${IAM}/v1alpha2`,
      kind: 'WorkspaceRole',
      metadata: own,
      rules,
    });
    add('workspace', { metadata: own, rules: rules ?? [] }, '', iamBinding('WorkspaceRole', own.name, own.labels));
  }

  for (const [level, place, names] of [
    ['project', namespace, /./],
    ['devops', devopsNamespace, /./],
    [
      'system-namespace',
      'kubesphere-controls-system',
      /^(admin|operator|viewer|role-template-view-(secrets|configmaps))$/,
    ],
  ] as const)
    for (const role of await list(`${rbac}/namespaces/${place}/roles`))
      if (names.test(role.metadata.name)) add(level, role, place, rbacBinding('Role', role.metadata.name, place));

  for (const role of await list(`${rbac}/clusterroles`))
    if (CLUSTER_ROLES.test(role.metadata.name))
      add('cluster', role, '', rbacBinding('ClusterRole', role.metadata.name, ''));

  const seen = new Set<string>();
  return roles.filter(({ level, rules }) => {
    const key = `${level} ${JSON.stringify(rules)}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** A query of `explain` that who has the role alone may do; undefined for a role without rules about resources. */
export function querySatisfiedBy({ level, rules, namespace }: BuiltInRole): string | undefined {
  const rule = rules.find(({ resources, verbs }) => (resources?.length ?? 0) > 0 && (verbs?.length ?? 0) > 0);
  if (!rule) return undefined;
  const first = (values: readonly string[] | undefined, any: string) =>
    values?.[0] === '*' ? any : (values?.[0] ?? '');
  const [resource = '', subresource = ''] = first(rule.resources, 'pods').split('/');
  const query = new URLSearchParams({
    verb: first(rule.verbs, 'get'),
    apiGroup: first(rule.apiGroups, ''),
    resource,
    subresource,
    name: 'x',
    api: 'kubernetes',
  });
  if (level === 'workspace') query.set('workspace', TENANTS.own.workspace);
  if (level === 'system-workspace') query.set('workspace', 'system-workspace');
  if (namespace !== '') query.set('namespace', namespace);
  // It would be one of the reads of credentials that no such role gives.
  if (namespace === 'kubesphere-controls-system' && /secrets|configmaps/.test(resource)) return undefined;
  return query.toString();
}
