import type { Route } from '@ks-apiserver/apiserver/routes/route';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { WorkspaceTemplateSchema } from './types.ts';
import { createWorkspace } from './workspaces.ts';

const BASE = '/kapis/tenant.kubesphere.io/v1alpha2';

/** tenant.kubesphere.io/v1alpha2: workspaces. */
export function tenantV1alpha2(client: KubeClient): Route[] {
  return [
    {
      method: 'POST',
      path: `${BASE}/workspaces`,
      operationId: 'CreateWorkspace',
      summary: 'Create a workspace',
      tags: ['Tenant Resources'],
      body: WorkspaceTemplateSchema,
      returns: WorkspaceTemplateSchema,
      handler: createWorkspace(client),
    },
  ];
}
