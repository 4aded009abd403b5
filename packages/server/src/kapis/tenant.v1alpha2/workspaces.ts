import { WORKSPACE_TEMPLATES } from '@ks-apiserver/api/resources';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { missing, requireName } from '../../models/iam/errors.ts';
import { objectReply, pageReply, SUCCESS } from '../page-reply.ts';
import type { TenantDependencies } from './dependencies.ts';
import { guarded } from './errors.ts';
import { tenantList } from './tenant-list.ts';

function typed(given: KubeObject): KubeObject {
  const spec = {
    ...given.spec,
    template: given.spec?.template ?? { spec: {} },
    placement: given.spec?.placement ?? {},
  };

  return { ...given, apiVersion: 'tenant.kubesphere.io/v1alpha2', kind: 'WorkspaceTemplate', spec };
}

/**
 * Handlers of workspaces, one for each operation; the objects are WorkspaceTemplates, from which a
 * controller creates the rest.
 */
export function workspaceHandlers(
  dependencies: TenantDependencies,
): Record<
  'list' | 'get' | 'listMade' | 'getMade' | 'create' | 'update' | 'patch' | 'delete' | 'clusters',
  Handler
> {
  const { gate, catalog, tenants } = dependencies;
  const absent = (name: string) => missing('workspacetemplate', 'tenant.kubesphere.io', name);

  const list =
    (resource: 'workspacetemplates' | 'workspaces'): Handler =>
    (request) =>
      tenantList(dependencies, request, (query) =>
        tenants.workspaces(request.user, query, request, resource),
      );

  const get =
    (resource: 'workspacetemplates' | 'workspaces'): Handler =>
    async (request) => {
      const { workspace = '' } = request.params;
      const definition = catalog.definition(resource);
      const entry = (await catalog.synced(definition, request)).get(workspace);

      // Workspaces of others are hidden from the caller: 3.0 shows every workspace to everybody
      // here.
      if (!entry || !tenants.seesWorkspace(request.user, workspace)) {
        throw absent(workspace);
      }

      return objectReply(entry, definition, catalog);
    };

  return {
    list: list('workspacetemplates'),

    get: get('workspacetemplates'),

    listMade: list('workspaces'),

    getMade: get('workspaces'),

    create: guarded(({ body, user, dryRun }) =>
      gate.clientFor(user).create(WORKSPACE_TEMPLATES, typed(body as KubeObject), { dryRun }),
    ),

    update: guarded(({ params, body, user, dryRun }) => {
      const given = body as KubeObject;
      requireName(given, params.workspace ?? '');

      return gate.clientFor(user).update(WORKSPACE_TEMPLATES, typed(given), { dryRun });
    }),

    patch: guarded(({ params, body, user, dryRun }) =>
      gate
        .clientFor(user)
        .patch({ resource: WORKSPACE_TEMPLATES, name: params.workspace ?? '' }, body as object, {
          dryRun,
        }),
    ),

    delete: guarded(async ({ params, user, dryRun }) => {
      await gate
        .clientFor(user)
        .delete({ resource: WORKSPACE_TEMPLATES, name: params.workspace ?? '' }, { dryRun });
      return SUCCESS;
    }),

    clusters: async (request) => {
      const { workspace = '' } = request.params;
      const found = tenants.seesWorkspace(request.user, workspace)
        ? await tenants.workspaceClusters(workspace, request)
        : undefined;

      if (!found) {
        throw absent(workspace);
      }

      return pageReply(found.page, found.definition, catalog);
    },
  };
}
