import type { Parameter, Route } from '@ks-apiserver/apiserver/routes/route';
import { Type } from 'typebox';
import type { Members } from '../../models/iam/members.ts';
import type { Users } from '../../models/iam/users.ts';
import { createNamespaceMembers, createWorkspaceMembers } from './members.ts';
import { MembersSchema, UserSchema } from './types.ts';
import { createUser } from './users.ts';

const BASE = '/kapis/iam.kubesphere.io/v1alpha2';
const TAGS = ['Access Management'];

function path(name: string, description: string): Parameter {
  return { in: 'path', name, description, schema: Type.String(), required: true };
}

/** iam.kubesphere.io/v1alpha2: users and members. */
export function iamV1alpha2(users: Users, members: Members): Route[] {
  return [
    {
      method: 'POST',
      path: `${BASE}/users`,
      operationId: 'CreateUser',
      summary: 'Create a user',
      tags: TAGS,
      body: UserSchema,
      returns: UserSchema,
      handler: createUser(users),
    },
    {
      method: 'POST',
      path: `${BASE}/workspaces/{workspace}/workspacemembers`,
      operationId: 'CreateWorkspaceMembers',
      summary: 'Add members to a workspace',
      tags: TAGS,
      parameters: [path('workspace', 'workspace name')],
      body: MembersSchema,
      returns: MembersSchema,
      handler: createWorkspaceMembers(members),
    },
    {
      method: 'POST',
      path: `${BASE}/namespaces/{namespace}/members`,
      operationId: 'CreateNamespaceMembers',
      summary: 'Add members to a project',
      tags: TAGS,
      parameters: [path('namespace', 'the name of the project')],
      body: MembersSchema,
      returns: MembersSchema,
      handler: createNamespaceMembers(members),
    },
  ];
}
