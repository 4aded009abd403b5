import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import type { KubeClient } from '@ks-apiserver/client/kube/client';

const WORKSPACE_TEMPLATES = { group: 'tenant.kubesphere.io', version: 'v1alpha2', resource: 'workspacetemplates' };

/** Writes of workspaces answer 404 for what is missing and 400 for all else that the caller got wrong, as in 3.0. */
function workspaceError(error: unknown): unknown {
  if (!(error instanceof StatusError) || error.code === 404 || error.code >= 500) return error;
  return new StatusError(400, error.reason, error.message, error.details);
}

/** Creates a workspace: its template, from which the controller makes the rest. */
export function createWorkspace(client: KubeClient): Handler {
  return async ({ body }) => {
    const given = body as KubeObject;
    const spec = {
      ...given.spec,
      template: given.spec?.template ?? { spec: {} },
      placement: given.spec?.placement ?? {},
    };
    try {
      return await client.create(WORKSPACE_TEMPLATES, {
        ...given,
        apiVersion: 'tenant.kubesphere.io/v1alpha2',
        kind: 'WorkspaceTemplate',
        spec,
      });
    } catch (error) {
      throw workspaceError(error);
    }
  };
}
