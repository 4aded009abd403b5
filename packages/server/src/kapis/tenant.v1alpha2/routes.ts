import type { Route } from '@ks-apiserver/http/routes/route';
import { PageableResponse } from '../parameters.ts';
import { routesOf } from '../route-table.ts';
import type { TenantDependencies } from './dependencies.ts';
import { namespaceHandlers } from './namespaces.ts';
import { quotaHandlers } from './quotas.ts';
import {
  MessageSchema,
  NamespaceSchema,
  PatchSchema,
  ResourceQuotaSchema,
  WorkspaceTemplateSchema,
} from './types.ts';
import { workspaceHandlers } from './workspaces.ts';

const BASE = '/kapis/tenant.kubesphere.io/v1alpha2';
const TAGS = ['Tenant Resources'];

const list = { returns: PageableResponse };
const liveList = { ...list, live: true };
const message = { returns: MessageSchema };
const workspace = { returns: WorkspaceTemplateSchema };
const namespace = { returns: NamespaceSchema };

/**
 * tenant.kubesphere.io/v1alpha2: workspaces, projects and quotas of the caller, or of a workspace.
 */
export function tenantV1alpha2(dependencies: TenantDependencies): Route[] {
  const workspaces = workspaceHandlers(dependencies);
  const namespaces = namespaceHandlers(dependencies);
  const ws = '/workspaces/{workspace}';
  const quotas = quotaHandlers(dependencies);
  const oneQuota = `${ws}/resourcequotas/{resourcequota}`;
  const quota = { returns: ResourceQuotaSchema };
  const member = `${ws}/workspacemembers/{workspacemember}`;

  return routesOf(BASE, TAGS, [
    ['GET', '/workspaces', 'ListWorkspaces', 'Workspaces of the caller', workspaces.list, liveList],
    [
      'POST',
      '/workspaces',
      'CreateWorkspace',
      'Create a workspace',
      workspaces.create,
      { body: WorkspaceTemplateSchema, ...workspace },
    ],
    ['GET', ws, 'DescribeWorkspace', 'Read a workspace', workspaces.get, workspace],
    [
      'PUT',
      ws,
      'UpdateWorkspace',
      'Replace a workspace',
      workspaces.update,
      { body: WorkspaceTemplateSchema, ...workspace },
    ],
    [
      'PATCH',
      ws,
      'PatchWorkspace',
      'Change a workspace',
      workspaces.patch,
      { body: PatchSchema, ...workspace },
    ],
    ['DELETE', ws, 'DeleteWorkspace', 'Delete a workspace', workspaces.delete, message],
    [
      'POST',
      `${ws}/resourcequotas`,
      'CreateWorkspaceResourceQuota',
      'Limit what a workspace uses',
      quotas.create,
      { body: ResourceQuotaSchema, ...quota },
    ],
    [
      'GET',
      oneQuota,
      'DescribeWorkspaceResourceQuota',
      'Read limits of a workspace',
      quotas.get,
      quota,
    ],
    [
      'PUT',
      oneQuota,
      'UpdateWorkspaceResourceQuota',
      'Replace limits of a workspace',
      quotas.update,
      { body: ResourceQuotaSchema, ...quota },
    ],
    [
      'DELETE',
      oneQuota,
      'DeleteWorkspaceResourceQuota',
      'Delete limits of a workspace',
      quotas.delete,
      message,
    ],
    [
      'GET',
      `${ws}/clusters`,
      'ListWorkspaceClusters',
      'Clusters of a workspace',
      workspaces.clusters,
      list,
    ],
    ['GET', '/clusters', 'ListClusters', 'Clusters of the caller', namespaces.clusters, list],
    ['GET', '/namespaces', 'ListNamespaces', 'Projects of the caller', namespaces.list, liveList],
    [
      'GET',
      '/federatednamespaces',
      'ListFederatedNamespaces',
      'Federated projects of the caller',
      namespaces.federated,
      liveList,
    ],
    [
      'GET',
      `${ws}/namespaces`,
      'ListNamespaces',
      'Projects of the caller in a workspace',
      namespaces.list,
      liveList,
    ],
    [
      'POST',
      `${ws}/namespaces`,
      'CreateNamespace',
      'Create a project in a workspace',
      namespaces.create,
      { body: NamespaceSchema, ...namespace },
    ],
    [
      'GET',
      `${ws}/namespaces/{namespace}`,
      'DescribeNamespace',
      'Read a project of a workspace',
      namespaces.get,
      namespace,
    ],
    [
      'PUT',
      `${ws}/namespaces/{namespace}`,
      'UpdateNamespace',
      'Replace a project of a workspace',
      namespaces.update,
      { body: NamespaceSchema, ...namespace },
    ],
    [
      'PATCH',
      `${ws}/namespaces/{namespace}`,
      'PatchNamespace',
      'Change a project of a workspace',
      namespaces.patch,
      { body: PatchSchema, ...namespace },
    ],
    [
      'DELETE',
      `${ws}/namespaces/{namespace}`,
      'DeleteNamespace',
      'Delete a project of a workspace',
      namespaces.delete,
      message,
    ],
    [
      'GET',
      `${ws}/federatednamespaces`,
      'ListFederatedNamespaces',
      'Federated projects of the caller in a workspace',
      namespaces.federated,
      liveList,
    ],
    [
      'GET',
      `${ws}/devops`,
      'ListDevOpsProjects',
      'DevOps projects of the caller in a workspace',
      namespaces.devops,
      liveList,
    ],
    [
      'GET',
      `${member}/namespaces`,
      'ListNamespaces',
      'Projects of a member of a workspace',
      namespaces.list,
      liveList,
    ],
    [
      'GET',
      `${member}/devops`,
      'ListDevOpsProjects',
      'DevOps projects of a member of a workspace',
      namespaces.devops,
      liveList,
    ],
  ]);
}
