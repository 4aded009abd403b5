import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Handler, RouteReply } from '@ks-apiserver/apiserver/routes/route';
import type { Roles } from '../../models/iam/roles.ts';
import { missingRole, type Scope, type Scopes } from '../../models/iam/scopes.ts';
import { WORKSPACE_LABEL } from '../../models/iam/types.ts';
import { nameMismatch } from '../../models/iam/users.ts';
import type { Catalog } from '../../models/resources/catalog.ts';
import { listPage } from '../../models/resources/list.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query.ts';
import { pageReply, SUCCESS } from '../page-reply.ts';
import { type Level, scoped } from './scoped.ts';

const TEMPLATES = 'iam.kubesphere.io/role-template=true';

/** Lists of a workspace's roles hold its own, but templates and aggregated roles are shared by all workspaces. */
function narrowed(scope: Scope, query: ListQuery): ListQuery {
  if (scope.level !== 'workspace' || query.filters.has('aggregateTo') || query.filters.get('label') === TEMPLATES)
    return query;
  return { ...query, filters: new Map(query.filters).set('label', `${WORKSPACE_LABEL}=${scope.key}`) };
}

/** Handlers of the roles of a level, one an operation; `parameter` is the name of the path's last segment. */
export function roleHandlers(
  level: Level,
  parameter: string,
  { roles, scopes, catalog }: { roles: Roles; scopes: Scopes; catalog: Catalog },
): Record<'list' | 'get' | 'create' | 'update' | 'patch' | 'delete', Handler> {
  const guarded = scoped(scopes, level, parameter);
  return {
    list: guarded(async (scope, _name, { query, signal }) => {
      const row = catalog.find(scope.roles.resource)!;
      const page = listPage(
        await catalog.synced(row, signal),
        row,
        narrowed(scope, parseListQuery(query)),
        catalog,
        scope.metadata.namespace,
      );
      return pageReply(page, row, catalog);
    }),

    get: guarded((scope, name) => {
      const role = scopes.role(scope, name);
      if (!role) throw missingRole(scope, name);
      return new RouteReply(200, { 'content-type': 'application/json' }, role.bytes);
    }),

    create: guarded((scope, _name, { body, user }) => roles.save(scope, body as KubeObject, user)),

    update: guarded((scope, name, { body, user }) => {
      const role = body as KubeObject;
      if (role.metadata.name !== name) throw nameMismatch(role.metadata.name ?? '', name);
      return roles.save(scope, role, user);
    }),

    patch: guarded((scope, name, { body, user }) => roles.patch(scope, name, body, user)),

    delete: guarded(async (scope, name) => {
      await roles.delete(scope, name);
      return SUCCESS;
    }),
  };
}
