import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Gate } from '../../models/gate/gate.ts';
import type { Effects } from '../../models/iam/grants/effects.ts';
import type { GroupMember, Groups } from '../../models/iam/roles/groups.ts';
import type { Scopes } from '../../models/iam/roles/scopes.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { listPage, pageEntries } from '../../models/resources/list/list.ts';
import { parseListQuery } from '../../models/resources/query/query.ts';
import { pageReply, SUCCESS } from '../page-reply.ts';
import { type Level, scoped } from './scoped.ts';

/** What the handlers of groups work with. */
export interface GroupHandlersDependencies {
  gate: Gate;
  groups: Groups;
  effects: Effects;
  scopes: Scopes;
  catalog: Catalog;
}

type Listed = 'groups' | 'groupbindings' | 'workspacerolebindings';

/** Handlers of a workspace's groups, one for each operation. */
export function groupHandlers({
  gate,
  groups,
  effects,
  scopes,
  catalog,
}: GroupHandlersDependencies) {
  const guarded = (
    handle: (workspace: string, name: string, request: RouteRequest) => unknown,
    parameter = 'group',
  ) =>
    scoped(
      scopes,
      'workspace',
      parameter,
    )((scope, name, request) => handle(scope.key, name, request));

  /** Lists the objects with the workspace's label. */
  const listOf = (resource: Listed): Handler =>
    guarded(async (workspace, _name, { query, signal }) => {
      const definition = catalog.definition(resource);
      const given = parseListQuery(query);
      const filters = new Map(given.filters).set('label', `${WORKSPACE_LABEL}=${workspace}`);

      const store = await catalog.synced(definition, { signal });
      const page = await listPage({ store, definition, catalog }, { ...given, filters });

      return pageReply(page, definition, catalog);
    });

  return {
    list: listOf('groups'),

    get: guarded((workspace, name) => groups.get(workspace, name)),

    create: guarded((workspace, _name, { body, user, dryRun }) =>
      groups.create(workspace, body as KubeObject, gate.clientFor(user), { dryRun }),
    ),

    update: guarded((workspace, name, { body, user, dryRun }) =>
      groups.update(workspace, name, body as KubeObject, gate.clientFor(user), { dryRun }),
    ),

    patch: guarded((workspace, name, { body, user, dryRun }) =>
      groups.patch(workspace, name, body, gate.clientFor(user), { dryRun }),
    ),

    delete: guarded(async (workspace, name, { user, dryRun }) => {
      await groups.delete(workspace, name, gate.clientFor(user), { dryRun });
      return dryRun ? { ...SUCCESS, effects: effects.ofGroupDeletion(workspace, name) } : SUCCESS;
    }),

    listMembers: listOf('groupbindings'),

    addMembers: guarded(async (workspace, _name, { body, user, dryRun }) => {
      const made = await groups.addMembers(workspace, body as GroupMember[], gate.clientFor(user), {
        dryRun,
      });

      return dryRun
        ? made.map((binding) => ({ ...binding, effects: effects.ofMembership(undefined, binding) }))
        : made;
    }),

    removeMembers: guarded(async (workspace, name, { user, dryRun }) => {
      const binding = await groups.removeMembers(workspace, name, gate.clientFor(user), { dryRun });
      return dryRun ? { ...SUCCESS, effects: effects.ofMembership(binding, undefined) } : SUCCESS;
    }, 'groupbinding'),

    listWorkspaceBindings: listOf('workspacerolebindings'),

    /** Bindings of all namespaces of the workspace. */
    listRoleBindings: guarded(async (workspace, _name, { query, signal }) => {
      const definition = catalog.definition('rolebindings');
      const store = await catalog.synced(definition, { signal });
      const given = parseListQuery(query);
      const namespaces = catalog.informerOf('namespaces').store.list('name');
      const own = namespaces.filter(({ labels }) => labels[WORKSPACE_LABEL] === workspace);
      const entries = own.flatMap(({ name }) => [...store.list('name', name)]);

      return pageReply(await pageEntries(entries, definition, given, catalog), definition, catalog);
    }),
  } satisfies Record<string, Handler>;
}

/** Handlers of bindings that are created object by object, such as the roles of groups. */
export function bindingHandlers(
  level: Level,
  { gate, groups, effects, scopes }: GroupHandlersDependencies,
): Record<'create' | 'delete', Handler> {
  const guarded = scoped(scopes, level, 'rolebinding');

  return {
    create: guarded(async (scope, _name, { body, user, dryRun }) => {
      const made = await groups.bind(scope, body as KubeObject[], gate.clientFor(user), { dryRun });

      return dryRun
        ? made.map((binding) => ({
            ...binding,
            effects: effects.ofBinding(scope, undefined, binding),
          }))
        : made;
    }),

    delete: guarded(async (scope, name, { user, dryRun }) => {
      const binding = await groups.unbind(scope, name, gate.clientFor(user), { dryRun });
      return dryRun
        ? { ...SUCCESS, effects: effects.ofBinding(scope, binding, undefined) }
        : SUCCESS;
    }),
  };
}
