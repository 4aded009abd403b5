import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { missing } from '../../models/iam/errors.ts';
import { SUCCESS } from '../page-reply.ts';
import type { TenantDependencies } from './dependencies.ts';
import { guarded } from './errors.ts';

/** Handlers of a workspace's quotas, one for each operation. */
export function quotaHandlers({
  gate,
  quotas,
  tenants,
}: TenantDependencies): Record<'get' | 'create' | 'update' | 'delete', Handler> {
  /**
   * Throws Forbidden unless the caller manages all workspaces: the members of a workspace must not
   * raise its limits.
   */
  const checkManages = (user: UserInfo, workspace: string) => {
    if (tenants.managesWorkspaces(user)) {
      return;
    }

    throw forbidden(
      { group: 'quota.kubesphere.io', resource: 'resourcequotas' },
      `User "${user.name}" cannot change limits of the workspace "${workspace}": this needs update on "workspaces" of API group "tenant.kubesphere.io" on the platform`,
    );
  };

  return {
    get: guarded(({ params: { workspace = '', resourcequota = '' }, user }) => {
      // Workspaces of others are hidden from the caller.
      if (!tenants.seesWorkspace(user, workspace)) {
        throw missing('resourcequota', 'quota.kubesphere.io', resourcequota);
      }

      return quotas.get(workspace, resourcequota);
    }),

    create: guarded(({ params: { workspace = '' }, body, user, dryRun }) => {
      checkManages(user, workspace);
      return quotas.create(workspace, body as KubeObject, gate.clientFor(user), { dryRun });
    }),

    update: guarded(({ params: { workspace = '', resourcequota = '' }, body, user, dryRun }) => {
      checkManages(user, workspace);

      return quotas.update(workspace, resourcequota, body as KubeObject, gate.clientFor(user), {
        dryRun,
      });
    }),

    delete: guarded(async ({ params: { workspace = '', resourcequota = '' }, user, dryRun }) => {
      checkManages(user, workspace);
      await quotas.delete(workspace, resourcequota, gate.clientFor(user), { dryRun });
      return SUCCESS;
    }),
  };
}
