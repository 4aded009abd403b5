import type { Route } from '@ks-apiserver/apiserver/routes/route';
import { Type } from 'typebox';
import { PageableResponse } from '../parameters.ts';
import { rows } from '../rows.ts';
import { credentialRoutes } from './credential-routes.ts';
import type { CredentialHandlersParts } from './credentials.ts';
import type { MemberHandlersParts } from './members.ts';
import { memberHandlers } from './members.ts';
import { roleHandlers } from './roles.ts';
import type { Level } from './scoped.ts';
import {
  MemberSchema,
  MembersSchema,
  MessageSchema,
  PasswordSchema,
  RolePatchSchema,
  RoleSchema,
  UserSchema,
} from './types.ts';
import { type UserHandlersParts, userHandlers } from './users.ts';

/** What the handlers of this group work with. */
export type IamParts = UserHandlersParts & MemberHandlersParts & { credentials: CredentialHandlersParts };

const BASE = '/kapis/iam.kubesphere.io/v1alpha2';
const TAGS = ['Access Management'];

const list = { returns: PageableResponse };
const message = { returns: MessageSchema };
const templates = { returns: Type.Array(RoleSchema) };

/** The levels of the platform that have roles: path, path parameter of a role, and the words of operation ids. */
const ROLES: readonly [level: Level, path: string, parameter: string, name: string, list: string][] = [
  ['global', '/globalroles', 'globalrole', 'GlobalRole', 'ListGlobalRoles'],
  ['cluster', '/clusterroles', 'clusterrole', 'ClusterRole', 'ListClusterRoles'],
  ['workspace', '/workspaces/{workspace}/workspaceroles', 'workspacerole', 'WorkspaceRole', 'ListWorkspaceRoles'],
  ['namespace', '/namespaces/{namespace}/roles', 'role', 'NamespaceRole', 'ListRoles'],
  ['devops', '/devops/{devops}/roles', 'role', 'NamespaceRole', 'ListRoles'],
];

/** The levels that have members, and the resource under a member that shows his role's templates. */
const MEMBERS: readonly [level: Level, path: string, parameter: string, name: string, roles: string][] = [
  ['cluster', '/clustermembers', 'clustermember', 'ClusterMember', 'clusterroles'],
  ['workspace', '/workspaces/{workspace}/workspacemembers', 'workspacemember', 'WorkspaceMember', 'workspaceroles'],
  ['namespace', '/namespaces/{namespace}/members', 'member', 'NamespaceMember', 'roles'],
  ['devops', '/devops/{devops}/members', 'member', 'NamespaceMember', 'roles'],
];

/** iam.kubesphere.io/v1alpha2: users, roles and members. */
export function iamV1alpha2(parts: IamParts): Route[] {
  const users = userHandlers(parts);
  return [
    ...rows(BASE, TAGS, [
      ['GET', '/users', 'ListUsers', 'List users', users.list, list],
      ['POST', '/users', 'CreateUser', 'Create a user', users.create, { body: UserSchema, returns: UserSchema }],
      ['GET', '/users/{user}', 'DescribeUser', 'Read a user', users.get, { returns: UserSchema }],
      ['PUT', '/users/{user}', 'UpdateUser', 'Replace a user', users.update, { body: UserSchema, returns: UserSchema }],
      ['DELETE', '/users/{user}', 'DeleteUser', 'Delete a user', users.delete, message],
      [
        'PUT',
        '/users/{user}/password',
        'ModifyPassword',
        'Set a password',
        users.password,
        { body: PasswordSchema, ...message },
      ],
      ['GET', '/users/{user}/loginrecords', 'ListUserLoginRecords', 'List log-ins of a user', users.loginRecords, list],
      [
        'GET',
        '/users/{user}/globalroles',
        'RetrieveMemberRoleTemplates',
        'Templates of a user’s global role',
        users.globalRoles,
        templates,
      ],
    ]),
    ...credentialRoutes(BASE, TAGS, parts.credentials),
    ...ROLES.flatMap(([level, path, parameter, name, listId]) => {
      const roles = roleHandlers(level, parameter, parts);
      const one = `${path}/{${parameter}}`;
      const role = { returns: RoleSchema };
      return rows(BASE, TAGS, [
        ['GET', path, listId, 'List roles', roles.list, list],
        ['POST', path, `Create${name}`, 'Create a role from templates', roles.create, { body: RoleSchema, ...role }],
        ['GET', one, `Describe${name}`, 'Read a role', roles.get, role],
        ['PUT', one, `Update${name}`, 'Replace a role', roles.update, { body: RoleSchema, ...role }],
        ['PATCH', one, `Patch${name}`, 'Change a role', roles.patch, { body: RolePatchSchema, ...role }],
        ['DELETE', one, `Delete${name}`, 'Delete a role', roles.delete, message],
      ]);
    }),
    ...MEMBERS.flatMap(([level, path, parameter, name, roles]) => {
      const members = memberHandlers(level, parameter, parts);
      const one = `${path}/{${parameter}}`;
      return rows(BASE, TAGS, [
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
