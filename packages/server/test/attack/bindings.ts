import { PATHS, userSubject } from '../support/test-platform.ts';
import type { Attack, Attacks, Creation, Scene, Target } from './attack.ts';

const { iam, iamObjects, rbac } = PATHS;
const WORKSPACE = 'kubesphere.io/workspace';
const RBAC = 'rbac.authorization.k8s.io';
const IAM = 'iam.kubesphere.io';

function iamBinding(
  kind: 'GlobalRole' | 'WorkspaceRole',
  role: string,
  user: string,
  workspace = '',
): Creation {
  return {
    collection: `${iamObjects}/${kind.toLowerCase()}bindings`,
    apiVersion: `${IAM}/v1alpha2`,
    kind: `${kind}Binding`,
    body: {
      metadata: {
        name: `${user}-tries-${role}`,
        ...(workspace && { labels: { [WORKSPACE]: workspace } }),
      },
      subjects: userSubject(user),
      roleRef: { apiGroup: IAM, kind, name: role },
    },
  };
}

function rbacBinding(
  kind: 'Role' | 'ClusterRole',
  role: string,
  user: string,
  namespace: string,
): Creation {
  return {
    collection:
      namespace === ''
        ? `${rbac}/clusterrolebindings`
        : `${rbac}/namespaces/${namespace}/rolebindings`,
    apiVersion: `${RBAC}/v1`,
    kind: namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding',
    body: {
      metadata: { name: `${user}-tries-${role}` },
      subjects: userSubject(user),
      roleRef: { apiGroup: RBAC, kind, name: role },
    },
  };
}

/** Returns the same binding in a version that Kubernetes no longer serves. */
function olderBinding(...of: Parameters<typeof rbacBinding>): Creation {
  const creation = rbacBinding(...of);
  const collection = creation.collection.replace(`${RBAC}/v1/`, `${RBAC}/v1beta1/`);
  return { ...creation, collection, apiVersion: `${RBAC}/v1beta1` };
}

/** Subjects that an attack grants to: the attacker, then another user. */
const users = ({ attacker, other }: Scene): [name: string, target: Target][] => [
  [attacker.name, 'self'],
  [other, 'other user'],
];

/** Bindings of every level, created through the Kubernetes API. */
export const bindingsOfObjects: Attacks = (scene) => {
  const { own, other } = scene.tenants;

  return users(scene).flatMap(([user, target]): Attack[] => [
    {
      name: 'bind platform-admin',
      target,
      creates: iamBinding('GlobalRole', 'platform-admin', user),
    },
    {
      name: 'bind users-manager',
      target,
      creates: iamBinding('GlobalRole', 'users-manager', user),
    },
    {
      name: 'bind the admin of the own workspace',
      target,
      creates: iamBinding('WorkspaceRole', `${own.workspace}-admin`, user, own.workspace),
    },
    {
      name: 'bind the admin of the other workspace',
      target: 'another tenant',
      creates: iamBinding('WorkspaceRole', `${other.workspace}-admin`, user, other.workspace),
    },
    {
      name: 'bind the admin of system-workspace',
      target: 'system-workspace',
      creates: iamBinding('WorkspaceRole', 'system-workspace-admin', user, 'system-workspace'),
      never: true,
    },
    {
      name: 'bind the admin of the own project',
      target,
      creates: rbacBinding('Role', 'admin', user, own.namespace),
    },
    {
      name: 'bind cluster-admin in the own project',
      target,
      creates: rbacBinding('ClusterRole', 'cluster-admin', user, own.namespace),
    },
    {
      name: 'bind the admin of the own DevOps project',
      target,
      creates: rbacBinding('Role', 'admin', user, own.devopsNamespace),
    },
    {
      name: "bind the admin of another tenant's project",
      target: 'another tenant',
      creates: rbacBinding('Role', 'admin', user, other.namespace),
    },
    {
      name: 'bind a reader of ConfigMaps where kubeconfigs are',
      target: 'system namespaces',
      creates: rbacBinding(
        'Role',
        'role-template-view-configmaps',
        user,
        'kubesphere-controls-system',
      ),
      never: true,
    },
    {
      name: 'bind cluster-admin in kube-system',
      target: 'system namespaces',
      creates: rbacBinding('ClusterRole', 'cluster-admin', user, 'kube-system'),
      never: true,
    },
    {
      name: 'bind cluster-admin',
      target,
      creates: rbacBinding('ClusterRole', 'cluster-admin', user, ''),
    },
    {
      name: 'bind cluster-admin in an older version',
      target,
      creates: olderBinding('ClusterRole', 'cluster-admin', user, ''),
    },
    {
      name: 'bind cluster-admin in the own project in an older version',
      target,
      creates: olderBinding('ClusterRole', 'cluster-admin', user, own.namespace),
    },
    {
      name: 'bind cluster-viewer',
      target,
      creates: rbacBinding('ClusterRole', 'cluster-viewer', user, ''),
    },
  ]);
};

/** Subjects that are added to existing bindings. */
export const subjectsOfBindings: Attacks = (scene) =>
  users(scene).flatMap(([user, target]): Attack[] => [
    {
      name: "join the administrator's GlobalRoleBinding",
      target,
      changes: {
        path: `${iamObjects}/globalrolebindings/${scene.root}-platform-admin`,
        apiVersion: `${IAM}/v1alpha2`,
        kind: 'GlobalRoleBinding',
        change: { subjects: [...userSubject(scene.root), ...userSubject(user)] },
      },
    },
    {
      name: 'join the ClusterRoleBinding of cluster-admin',
      target,
      changes: {
        path: `${rbac}/clusterrolebindings/${scene.root}-cluster-admin`,
        apiVersion: `${RBAC}/v1`,
        kind: 'ClusterRoleBinding',
        builtIn: true,
        change: { subjects: [...userSubject(scene.root), ...userSubject(user)] },
      },
    },
  ]);

/** Members of every level, added through this server's own API. */
export const members: Attacks = (scene) => {
  const { own, other } = scene.tenants;

  const places: [place: string, resource: string, roles: string[], target?: Target][] = [
    [
      `/workspaces/${own.workspace}`,
      'workspacemembers',
      [`${own.workspace}-admin`, `${own.workspace}-viewer`],
    ],
    [
      `/workspaces/${other.workspace}`,
      'workspacemembers',
      [`${other.workspace}-admin`],
      'another tenant',
    ],
    [
      '/workspaces/system-workspace',
      'workspacemembers',
      ['system-workspace-admin', 'system-workspace-viewer'],
      'system-workspace',
    ],
    [`/namespaces/${own.namespace}`, 'members', ['admin', 'operator', 'viewer']],
    [`/namespaces/${other.namespace}`, 'members', ['admin', 'viewer'], 'another tenant'],
    [
      '/namespaces/kubesphere-controls-system',
      'members',
      ['admin', 'role-template-view-configmaps', 'role-template-view-alerting-messages'],
      'system namespaces',
    ],
    [`/devops/${own.devops}`, 'members', ['admin', 'viewer']],
    ['', 'clustermembers', ['cluster-admin', 'cluster-viewer']],
  ];

  return users(scene).flatMap(([user, who]) =>
    places.flatMap(([place, resource, roles, target = who]) =>
      roles.map((roleRef): Attack => {
        const path = `${iam}${place}/${resource}`;
        const isSystem = target === 'system namespaces' || target === 'system-workspace';

        return {
          name: `be made ${roleRef} of ${place || 'the cluster'}`,
          target,
          kapis: [
            { method: 'PUT', path: `${path}/${user}`, body: { username: user, roleRef } },
            { method: 'POST', path, body: [{ username: user, roleRef }] },
          ],
          ...(isSystem && { never: true as const }),
        };
      }),
    ),
  );
};

/** Groups, their members, and the roles that groups get. */
export const groups: Attacks = (scene) => {
  const { own, other } = scene.tenants;
  const { group } = scene;

  const membership = (user: string, workspace: string) => ({
    metadata: {
      name: `${user}-tries`,
      labels: { [WORKSPACE]: workspace, 'iam.kubesphere.io/group-ref': group },
    },
    groupRef: { apiGroup: IAM, kind: 'groups', name: group },
    users: [user],
  });

  const bind = (subject: object, kind: string, name: string) => [
    { subjects: [subject], roleRef: { kind, name } },
  ];

  return users(scene).flatMap(([user, target]): Attack[] => [
    {
      name: 'be put into the group that administers the own workspace',
      target,
      kapis: [
        {
          method: 'POST',
          path: `${iam}/workspaces/${own.workspace}/groupbindings`,
          body: [{ userName: user, groupName: group }],
        },
      ],
      creates: {
        collection: `${iamObjects}/groupbindings`,
        apiVersion: `${IAM}/v1alpha2`,
        kind: 'GroupBinding',
        body: membership(user, own.workspace),
      },
    },
    {
      name: 'bind a user to roles by the endpoints for groups',
      target,
      kapis: [
        {
          method: 'POST',
          path: `${iam}/workspaces/${own.workspace}/workspacerolebindings`,
          body: bind({ kind: 'User', name: user }, 'WorkspaceRole', `${own.workspace}-admin`),
        },
        {
          method: 'POST',
          path: `${iam}/namespaces/${own.namespace}/rolebindings`,
          body: bind({ kind: 'User', name: user }, 'Role', 'admin'),
        },
        {
          method: 'POST',
          path: `${iam}/namespaces/${own.namespace}/rolebindings`,
          body: bind({ kind: 'User', name: user }, 'ClusterRole', 'cluster-admin'),
        },
        {
          method: 'POST',
          path: `${iam}/namespaces/${other.namespace}/rolebindings`,
          body: bind({ kind: 'User', name: user }, 'Role', 'admin'),
        },
      ],
    },
    {
      name: 'bind a user in a namespace of the platform by the endpoint for groups',
      target: 'system namespaces',
      kapis: [
        {
          method: 'POST',
          path: `${iam}/namespaces/kubesphere-controls-system/rolebindings`,
          body: bind({ kind: 'User', name: user }, 'Role', 'role-template-view-configmaps'),
        },
      ],
      never: true,
    },
    {
      name: 'give every logged-in user a role through a group of Kubernetes',
      target,
      kapis: [
        {
          method: 'POST',
          path: `${iam}/workspaces/${own.workspace}/workspacerolebindings`,
          body: bind(
            { kind: 'Group', name: 'system:authenticated' },
            'WorkspaceRole',
            `${own.workspace}-admin`,
          ),
        },
      ],
    },
    {
      name: 'take the group into the other workspace',
      target: 'another tenant',
      changes: {
        path: `${iamObjects}/groups/${group}`,
        apiVersion: `${IAM}/v1alpha2`,
        kind: 'Group',
        change: { metadata: { labels: { [WORKSPACE]: other.workspace } } },
      },
      kapis: [
        {
          method: 'PATCH',
          path: `${iam}/workspaces/${own.workspace}/groups/${group}`,
          headers: { 'content-type': 'application/merge-patch+json' },
          body: { metadata: { labels: { [WORKSPACE]: other.workspace } } },
        },
      ],
      touches: [`${iamObjects}/groups/${group}`],
    },
  ]);
};
