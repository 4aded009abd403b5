import { PATHS, type TestPlatform, userSubject } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const { iamObjects, rbac } = PATHS;
const WORKSPACE = 'kubesphere.io/workspace';
const TEMPLATE = 'iam.kubesphere.io/role-template';
const RBAC = 'rbac.authorization.k8s.io';
const IAM = 'iam.kubesphere.io';

/** Two tenants: attackers belong to the first, the second is another tenant's. */
export interface Tenants {
  own: { workspace: string; namespace: string; devops: string; devopsNamespace: string };
  other: { workspace: string; namespace: string };
}

/** Returns the names of tenants; the suffix distinguishes those of parallel attackers. */
export function tenantsOf(suffix: string): Tenants {
  return {
    own: {
      workspace: `ws-own${suffix}`,
      namespace: `ns-own${suffix}`,
      devops: `dev-own${suffix}`,
      devopsNamespace: `ns-dev-own${suffix}`,
    },
    other: { workspace: `ws-other${suffix}`, namespace: `ns-other${suffix}` },
  };
}

interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
}

/**
 * Where a role is granted: on the platform, in the attacker's workspace or project, in the cluster,
 * or elsewhere as the name says.
 */
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
  /** Path of the role itself. */
  path: string;
  kind: 'GlobalRole' | 'WorkspaceRole' | 'Role' | 'ClusterRole';
  /** The workspace and the namespace of its binding, '' for none. */
  workspace: string;
  namespace: string;
  /** Path and body of the binding that grants it to a user. */
  binding: (user: string) => { path: string; body: object };
}

/** Reports whether rules allow everything everywhere. */
function allowsEverything(rules: readonly Rule[]): boolean {
  return rules.some(({ verbs, apiGroups, resources }) =>
    [verbs, apiGroups, resources].every((values) => values?.includes('*')),
  );
}

function iamBinding(
  kind: 'GlobalRole' | 'WorkspaceRole',
  name: string,
  labels?: Record<string, string>,
) {
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
    path:
      namespace === ''
        ? `${rbac}/clusterrolebindings`
        : `${rbac}/namespaces/${namespace}/rolebindings`,
    body: {
      metadata: { name: `${user}-${name.replaceAll(':', '-')}` },
      subjects: userSubject(user),
      roleRef: { apiGroup: RBAC, kind, name },
    },
  });
}

/**
 * Creates the two tenants, each with a workspace and a project, and a DevOps project of the first.
 */
export async function plantTenants(platform: TestPlatform, { own, other }: Tenants): Promise<void> {
  for (const { workspace, namespace } of [own, other]) {
    await platform.createWorkspace(workspace);
    await platform.createProject(namespace, workspace);
  }

  const { workspace, devops, devopsNamespace } = own;
  await platform.write(PATHS.devops, {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'DevOpsProject',
    metadata: { name: devops, labels: { [WORKSPACE]: workspace } },
    spec: {},
  });

  const labels = { [WORKSPACE]: workspace, 'kubesphere.io/devopsproject': devops };
  await platform.write('/api/v1/namespaces', { metadata: { name: devopsNamespace, labels } });

  await platform.write(
    `${PATHS.devops}/${devops}`,
    { status: { adminNamespace: devopsNamespace } },
    { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
  );

  await eventually(async () => {
    await platform.read(`${rbac}/namespaces/${devopsNamespace}/roles/operator`);
    for (const role of ['admin', 'viewer', 'regular', 'self-provisioner']) {
      await platform.read(`${iamObjects}/workspaceroles/system-workspace-${role}`);
    }
  });
}

/** ClusterRoles for people that every cluster has, and some of KubeSphere's own. */
const CLUSTER_ROLES =
  /^(admin|edit|view|cluster-viewer|role-template-.*|system:kubesphere-router-clusterrole)$/;

/** Roles that could be granted to a user in a namespace of the platform. */
const SYSTEM_ROLES = /^(admin|operator|viewer|role-template-view-(secrets|configmaps))$/;

interface Listed {
  metadata: { name: string; labels?: Record<string, string> };
  /** Kubernetes writes null for an empty list. */
  rules?: Rule[] | null;
}

/**
 * Reads every built-in role and role template from the server, except those that allow everything
 * on the platform; of several with the same rules in the same place only the first is kept.
 */
export async function builtInRoles(
  platform: TestPlatform,
  { own }: Tenants,
): Promise<BuiltInRole[]> {
  const { workspace, namespace, devopsNamespace } = own;
  const list = async (path: string): Promise<Listed[]> => (await platform.read(path)).items;
  const roles: BuiltInRole[] = [];

  const add = (
    role: Omit<BuiltInRole, 'name' | 'rules' | 'path'>,
    collection: string,
    { metadata: { name }, rules }: Listed,
  ) => roles.push({ ...role, name, rules: rules ?? [], path: `${collection}/${name}` });

  for (const role of await list(`${iamObjects}/globalroles`)) {
    if (!allowsEverything(role.rules ?? [])) {
      add(
        {
          level: 'global',
          kind: 'GlobalRole',
          workspace: '',
          namespace: '',
          binding: iamBinding('GlobalRole', role.metadata.name),
        },
        `${iamObjects}/globalroles`,
        role,
      );
    }
  }

  const inWorkspace = (level: RoleLevel, holder: string, role: Listed) =>
    add(
      {
        level,
        kind: 'WorkspaceRole',
        workspace: holder,
        namespace: '',
        binding: iamBinding('WorkspaceRole', role.metadata.name, { [WORKSPACE]: holder }),
      },
      `${iamObjects}/workspaceroles`,
      role,
    );

  for (const role of await list(`${iamObjects}/workspaceroles`)) {
    const { name, labels } = role.metadata;
    const holder = labels?.[WORKSPACE];
    if (holder === workspace) {
      inWorkspace('workspace', holder, role);
    }
    if (holder === 'system-workspace') {
      inWorkspace('system-workspace', holder, role);
    }
    if (labels?.[TEMPLATE] !== 'true') {
      continue;
    }

    // A template takes effect through a role of a workspace that is created from it.
    const metadata = { name: `${workspace}-only-${name}`, labels: { [WORKSPACE]: workspace } };
    const rules = role.rules ?? [];
    const body = { apiVersion: `${IAM}/v1alpha2`, kind: 'WorkspaceRole', metadata, rules };

    await platform.write(`${iamObjects}/workspaceroles`, body);
    inWorkspace('workspace', workspace, { metadata, rules });
  }

  for (const [level, holder, place, names] of [
    ['project', workspace, namespace, /./],
    ['devops', workspace, devopsNamespace, /./],
    ['system-namespace', '', 'kubesphere-controls-system', SYSTEM_ROLES],
  ] as const) {
    for (const role of await list(`${rbac}/namespaces/${place}/roles`)) {
      if (names.test(role.metadata.name)) {
        add(
          {
            level,
            kind: 'Role',
            workspace: holder,
            namespace: place,
            binding: rbacBinding('Role', role.metadata.name, place),
          },
          `${rbac}/namespaces/${place}/roles`,
          role,
        );
      }
    }
  }

  for (const role of await list(`${rbac}/clusterroles`)) {
    if (CLUSTER_ROLES.test(role.metadata.name)) {
      add(
        {
          level: 'cluster',
          kind: 'ClusterRole',
          workspace: '',
          namespace: '',
          binding: rbacBinding('ClusterRole', role.metadata.name, ''),
        },
        `${rbac}/clusterroles`,
        role,
      );
    }
  }

  const seen = new Set<string>();

  return roles.filter(({ level, rules }) => {
    const key = `${level} ${JSON.stringify(rules)}`;
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * Returns a query of `explain` that a user with only this role may make; undefined for a role
 * without rules about resources.
 */
export function querySatisfiedBy({ rules, workspace, namespace }: BuiltInRole): string | undefined {
  const rule = rules.find(
    ({ resources, verbs }) => (resources?.length ?? 0) > 0 && (verbs?.length ?? 0) > 0,
  );

  if (!rule) {
    return undefined;
  }

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

  if (namespace !== '') {
    query.set('namespace', namespace);
  } else if (workspace !== '') {
    query.set('workspace', workspace);
  }

  // These would be reads of credentials, which no such role allows.
  if (namespace === 'kubesphere-controls-system' && /secrets|configmaps/.test(resource)) {
    return undefined;
  }

  return query.toString();
}
