import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler } from '@ks-apiserver/http/routes/route';
import type { Gate } from '../../models/gate/gate.ts';
import { requireName } from '../../models/iam/errors.ts';
import type { Effects } from '../../models/iam/grants/effects.ts';
import type { Roles } from '../../models/iam/roles/roles.ts';
import { missingRole, type Scope, type Scopes } from '../../models/iam/roles/scopes.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { listPage } from '../../models/resources/list/list.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query/query.ts';
import { objectReply, pageReply, SUCCESS } from '../page-reply.ts';
import { type Level, scoped } from './scoped.ts';

const TEMPLATES = 'iam.kubesphere.io/role-template=true';

/** Whether a label selector, which 3.1 and later consoles send, is one of role templates. */
function isOfTemplates(labelSelector: string | null): boolean {
  return /(^|,)iam\.kubesphere\.io\/role-template(==?true)?(,|$)/.test(labelSelector ?? '');
}

/**
 * Lists of a workspace's roles hold its own, but templates and aggregated roles are shared by all
 * workspaces.
 */
function narrowed(scope: Scope, query: ListQuery, labelSelector: string | null): ListQuery {
  const asksForTemplates = query.filters.get('label') === TEMPLATES || isOfTemplates(labelSelector);
  if (scope.level !== 'workspace' || query.filters.has('aggregateTo') || asksForTemplates) {
    return query;
  }

  return {
    ...query,
    filters: new Map(query.filters).set('label', `${WORKSPACE_LABEL}=${scope.key}`),
  };
}

/**
 * Handlers of the roles of a level, one for each operation; `parameter` is the name of the path's
 * last segment.
 */
export function roleHandlers(
  level: Level,
  parameter: string,
  {
    gate,
    roles,
    scopes,
    catalog,
    effects,
  }: { gate: Gate; roles: Roles; scopes: Scopes; catalog: Catalog; effects: Effects },
): Record<'list' | 'get' | 'create' | 'update' | 'patch' | 'delete', Handler> {
  const guarded = scoped(scopes, level, parameter);

  /** Returns the role; in a dry run also the users who would gain or lose rights. */
  const answer = (scope: Scope, role: KubeObject, { dryRun }: { dryRun: boolean }) => {
    const name = role.metadata.name ?? '';
    return dryRun
      ? { ...role, effects: effects.ofRole(scope, name, scopes.role(scope, name)?.object, role) }
      : role;
  };

  return {
    list: guarded(async (scope, _name, { query, signal }) => {
      const definition = catalog.definition(scope.roles.resource);

      const page = await listPage(
        { store: await catalog.synced(definition, { signal }), definition, catalog },
        narrowed(scope, parseListQuery(query), query.get('labelSelector')),
        scope.metadata.namespace,
      );

      return pageReply(page, definition, catalog);
    }),

    get: guarded((scope, name) => {
      const role = scopes.role(scope, name);
      if (!role) {
        throw missingRole(scope, name);
      }

      return objectReply(role, catalog.definition(scope.roles.resource), catalog);
    }),

    create: guarded(async (scope, _name, { body, user, dryRun }) =>
      answer(scope, await roles.save(scope, body as KubeObject, gate.clientFor(user), { dryRun }), {
        dryRun,
      }),
    ),

    update: guarded(async (scope, name, { body, user, dryRun }) => {
      const role = body as KubeObject;
      requireName(role, name);

      return answer(scope, await roles.save(scope, role, gate.clientFor(user), { dryRun }), {
        dryRun,
      });
    }),

    patch: guarded(async (scope, name, { body, user, dryRun }) =>
      answer(scope, await roles.patch(scope, name, body, gate.clientFor(user), { dryRun }), {
        dryRun,
      }),
    ),

    delete: guarded(async (scope, name, { user, dryRun }) => {
      const stored = scopes.role(scope, name)?.object;

      await roles.delete(scope, name, gate.clientFor(user), { dryRun });

      return dryRun
        ? { ...SUCCESS, effects: effects.ofRole(scope, name, stored, undefined) }
        : SUCCESS;
    }),
  };
}
