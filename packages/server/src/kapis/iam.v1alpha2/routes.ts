import { SMALL_BODY_LIMIT } from '@ks-apiserver/http/routes/body';
import type { Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { PageableResponse } from '../parameters.ts';
import { routesOf } from '../route-table.ts';
import { credentialRoutes } from './credential-routes.ts';
import type { CredentialHandlersDependencies } from './credentials.ts';
import { type ExplainDependencies, explainHandler } from './explain.ts';
import { bindingHandlers, type GroupHandlersDependencies, groupHandlers } from './groups.ts';
import type { MemberHandlersDependencies } from './members.ts';
import { memberHandlers } from './members.ts';
import { roleHandlers } from './roles.ts';
import type { Level } from './scoped.ts';
import {
  BindingsSchema,
  ExplanationSchema,
  GroupBindingSchema,
  GroupMembersSchema,
  GroupSchema,
  MemberSchema,
  MembersSchema,
  MessageSchema,
  PasswordSchema,
  RolePatchSchema,
  RoleSchema,
  UserSchema,
} from './types.ts';
import { type UserHandlersDependencies, userHandlers } from './users.ts';

/** What the handlers of this group work with. */
export type IamDependencies = UserHandlersDependencies &
  MemberHandlersDependencies &
  GroupHandlersDependencies &
  ExplainDependencies & { credentials: CredentialHandlersDependencies };

const BASE = '/kapis/iam.kubesphere.io/v1alpha2';
const TAGS = ['Access Management'];

const list = { returns: PageableResponse };
const message = { returns: MessageSchema };
const templates = { returns: Type.Array(RoleSchema) };

/**
 * The levels of the platform that have roles: path, path parameter of a role, and the words of
 * operation ids.
 */
const ROLES: readonly [
  level: Level,
  path: string,
  parameter: string,
  name: string,
  list: string,
][] = [
  ['global', '/globalroles', 'globalrole', 'GlobalRole', 'ListGlobalRoles'],
  ['cluster', '/clusterroles', 'clusterrole', 'ClusterRole', 'ListClusterRoles'],
  [
    'workspace',
    '/workspaces/{workspace}/workspaceroles',
    'workspacerole',
    'WorkspaceRole',
    'ListWorkspaceRoles',
  ],
  ['namespace', '/namespaces/{namespace}/roles', 'role', 'NamespaceRole', 'ListRoles'],
  ['devops', '/devops/{devops}/roles', 'role', 'NamespaceRole', 'ListRoles'],
];

/**
 * The levels that have members, and the resource under a member that shows the templates of their
 * role.
 */
const MEMBERS: readonly [
  level: Level,
  path: string,
  parameter: string,
  name: string,
  roles: string,
][] = [
  ['cluster', '/clustermembers', 'clustermember', 'ClusterMember', 'clusterroles'],
  [
    'workspace',
    '/workspaces/{workspace}/workspacemembers',
    'workspacemember',
    'WorkspaceMember',
    'workspaceroles',
  ],
  ['namespace', '/namespaces/{namespace}/members', 'member', 'NamespaceMember', 'roles'],
  ['devops', '/devops/{devops}/members', 'member', 'NamespaceMember', 'roles'],
];

const EXPLAIN_PARAMETERS = Object.entries({
  user: 'name of the user; the caller without it',
  group: 'a group of the user, such as one of an identity provider; may be repeated',
  verb: 'verb of Kubernetes, or method of a path that is no resource',
  apiGroup: 'API group; empty for the core group',
  apiVersion: 'version of the API; only modules of roles look at it',
  resource: 'plural name of the resource',
  subresource: 'subresource',
  name: 'name of the object',
  namespace: 'namespace of the call',
  workspace: 'workspace of the call',
  devops: 'DevOps project of the call',
  path: 'path that is no resource',
  api: 'kubernetes for calls below /api and /apis, to which the built-in policy does not apply',
}).map(([name, description]) => ({
  in: 'query' as const,
  name,
  description,
  schema: Type.String(),
}));

/** Groups of workspaces, and bindings that are created object by object. */
function groupRoutes(dependencies: IamDependencies): Route[] {
  const groups = groupHandlers(dependencies);
  const workspaceBindings = bindingHandlers('workspace', dependencies);
  const namespaceBindings = bindingHandlers('namespace', dependencies);
  const ws = '/workspaces/{workspace}';
  const [all, one] = [`${ws}/groups`, `${ws}/groups/{group}`];
  const group = { returns: GroupSchema };
  const bindings = { body: BindingsSchema, returns: BindingsSchema };
  const members = { body: GroupMembersSchema, returns: Type.Array(GroupBindingSchema) };

  return routesOf(BASE, TAGS, [
    ['GET', all, 'ListWorkspaceGroups', 'List groups', groups.list, list],
    ['POST', all, 'CreateGroup', 'Create a group', groups.create, { body: GroupSchema, ...group }],
    ['GET', one, 'DescribeGroup', 'Read a group', groups.get, group],
    ['PUT', one, 'UpdateGroup', 'Replace a group', groups.update, { body: GroupSchema, ...group }],
    [
      'PATCH',
      one,
      'PatchGroup',
      'Change a group',
      groups.patch,
      { body: RolePatchSchema, ...group },
    ],
    ['DELETE', one, 'DeleteGroup', 'Delete a group', groups.delete, message],
    [
      'GET',
      `${ws}/groupbindings`,
      'ListGroupBindings',
      'List members of groups',
      groups.listMembers,
      list,
    ],
    [
      'POST',
      `${ws}/groupbindings`,
      'CreateGroupBinding',
      'Add members to groups',
      groups.addMembers,
      members,
    ],
    [
      'DELETE',
      `${ws}/groupbindings/{groupbinding}`,
      'DeleteGroupBinding',
      'Remove members of a group',
      groups.removeMembers,
      message,
    ],
    [
      'GET',
      `${ws}/rolebindings`,
      'ListGroupRoleBindings',
      'List bindings of projects',
      groups.listRoleBindings,
      list,
    ],
    [
      'GET',
      `${ws}/workspacerolebindings`,
      'ListGroupWorkspaceRoleBindings',
      'List bindings of a workspace',
      groups.listWorkspaceBindings,
      list,
    ],
    [
      'POST',
      `${ws}/workspacerolebindings`,
      'CreateWorkspaceRoleBinding',
      'Give roles of a workspace',
      workspaceBindings.create,
      bindings,
    ],
    [
      'DELETE',
      `${ws}/workspacerolebindings/{rolebinding}`,
      'DeleteWorkspaceRoleBinding',
      'Take a role of a workspace',
      workspaceBindings.delete,
      message,
    ],
    [
      'POST',
      '/namespaces/{namespace}/rolebindings',
      'CreateRoleBinding',
      'Give roles of a project',
      namespaceBindings.create,
      bindings,
    ],
    [
      'DELETE',
      '/namespaces/{namespace}/rolebindings/{rolebinding}',
      'DeleteRoleBinding',
      'Take a role of a project',
      namespaceBindings.delete,
      message,
    ],
  ]);
}

/** iam.kubesphere.io/v1alpha2: users, roles, members and groups. */
export function iamV1alpha2(dependencies: IamDependencies): Route[] {
  const users = userHandlers(dependencies);

  return [
    ...routesOf(BASE, TAGS, [
      ['GET', '/users', 'ListUsers', 'List users', users.list, list],
      [
        'POST',
        '/users',
        'CreateUser',
        'Create a user',
        users.create,
        { body: UserSchema, returns: UserSchema },
      ],
      ['GET', '/users/{user}', 'DescribeUser', 'Read a user', users.get, { returns: UserSchema }],
      [
        'PUT',
        '/users/{user}',
        'UpdateUser',
        'Replace a user',
        users.update,
        { body: UserSchema, returns: UserSchema },
      ],
      ['DELETE', '/users/{user}', 'DeleteUser', 'Delete a user', users.delete, message],
      [
        'PUT',
        '/users/{user}/password',
        'ModifyPassword',
        'Set a password',
        users.password,
        { body: PasswordSchema, bodyLimit: SMALL_BODY_LIMIT, ...message },
      ],
      [
        'GET',
        '/users/{user}/loginrecords',
        'ListUserLoginRecords',
        'List log-ins of a user',
        users.loginRecords,
        list,
      ],
      [
        'GET',
        '/users/{user}/globalroles',
        'RetrieveMemberRoleTemplates',
        'Templates of a user’s global role',
        users.globalRoles,
        templates,
      ],
    ]),
    ...credentialRoutes(BASE, TAGS, dependencies.credentials),
    {
      method: 'GET',
      path: `${BASE}/explain`,
      operationId: 'ExplainAccess',
      summary: 'Why a user may or may not do something',
      tags: TAGS,
      parameters: EXPLAIN_PARAMETERS,
      returns: ExplanationSchema,
      handler: explainHandler(dependencies),
    },
    ...groupRoutes(dependencies),
    ...ROLES.flatMap(([level, path, parameter, name, listId]) => {
      const roles = roleHandlers(level, parameter, dependencies);
      const one = `${path}/{${parameter}}`;
      const role = { returns: RoleSchema };

      return routesOf(BASE, TAGS, [
        ['GET', path, listId, 'List roles', roles.list, list],
        [
          'POST',
          path,
          `Create${name}`,
          'Create a role from templates',
          roles.create,
          { body: RoleSchema, ...role },
        ],
        ['GET', one, `Describe${name}`, 'Read a role', roles.get, role],
        [
          'PUT',
          one,
          `Update${name}`,
          'Replace a role',
          roles.update,
          { body: RoleSchema, ...role },
        ],
        [
          'PATCH',
          one,
          `Patch${name}`,
          'Change a role',
          roles.patch,
          { body: RolePatchSchema, ...role },
        ],
        ['DELETE', one, `Delete${name}`, 'Delete a role', roles.delete, message],
      ]);
    }),
    ...MEMBERS.flatMap(([level, path, parameter, name, roles]) => {
      const members = memberHandlers(level, parameter, dependencies);
      const one = `${path}/{${parameter}}`;

      return routesOf(BASE, TAGS, [
        ['GET', path, `List${name}s`, 'List members', members.list, list],
        [
          'POST',
          path,
          `Create${name}s`,
          'Add members',
          members.create,
          { body: MembersSchema, returns: MembersSchema },
        ],
        ['GET', one, `Describe${name}`, 'Read a member', members.get, { returns: UserSchema }],
        [
          'PUT',
          one,
          `Update${name}`,
          'Change the role of a member',
          members.update,
          { body: MemberSchema, returns: MemberSchema },
        ],
        ['DELETE', one, `Remove${name}`, 'Remove a member', members.delete, message],
        [
          'GET',
          `${one}/${roles}`,
          'RetrieveMemberRoleTemplates',
          'Templates of a member’s role',
          members.roles,
          templates,
        ],
      ]);
    }),
  ];
}
