import type { Route } from '@ks-apiserver/http/routes/route';
import { PageableResponse } from '../parameters.ts';
import { routesOf } from '../route-table.ts';
import type { TenantDependencies } from './dependencies.ts';
import { MessageSchema, PatchSchema, WorkspaceSchema, WorkspaceTemplateSchema } from './types.ts';
import { workspaceHandlers } from './workspaces.ts';

const BASE = '/kapis/tenant.kubesphere.io/v1alpha3';
const TAGS = ['Tenant Resources'];

/**
 * tenant.kubesphere.io/v1alpha3 (KubeSphere 3.1): templates under their own name, by the same
 * handlers, and workspaces as such.
 */
export function tenantV1alpha3(dependencies: TenantDependencies): Route[] {
  const workspaces = workspaceHandlers(dependencies);
  const [all, one] = ['/workspacetemplates', '/workspacetemplates/{workspace}'];
  const list = { returns: PageableResponse, live: true };
  const template = { returns: WorkspaceTemplateSchema };
  const body = { body: WorkspaceTemplateSchema, ...template };

  return routesOf(BASE, TAGS, [
    ['GET', '/workspaces', 'ListWorkspaces', 'Workspaces of the caller', workspaces.listMade, list],
    [
      'GET',
      '/workspaces/{workspace}',
      'GetWorkspace',
      'Read a workspace',
      workspaces.getMade,
      { returns: WorkspaceSchema },
    ],
    [
      'GET',
      all,
      'ListWorkspaceTemplates',
      'Templates of workspaces of the caller',
      workspaces.list,
      list,
    ],
    ['POST', all, 'CreateWorkspaceTemplate', 'Create a workspace', workspaces.create, body],
    [
      'GET',
      one,
      'DescribeWorkspaceTemplate',
      'Read a template of a workspace',
      workspaces.get,
      template,
    ],
    [
      'PUT',
      one,
      'UpdateWorkspaceTemplate',
      'Replace a template of a workspace',
      workspaces.update,
      body,
    ],
    [
      'PATCH',
      one,
      'PatchWorkspaceTemplate',
      'Change a workspace',
      workspaces.patch,
      { body: PatchSchema, ...template },
    ],
    [
      'DELETE',
      one,
      'DeleteWorkspaceTemplate',
      'Delete a workspace',
      workspaces.delete,
      { returns: MessageSchema },
    ],
  ]);
}
