import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Store } from '@ks-apiserver/client/informer/store';
import type {
  Handler,
  RouteRequest,
  UpgradeHandler,
  UpgradeRequest,
} from '@ks-apiserver/http/routes/route';
import { after } from '../../models/after.ts';
import type { ResourceDefinition } from '../../models/resources/catalog/definition.ts';
import { liveReply, liveSocket } from '../live-reply.ts';
import { objectReply, pageReply } from '../page-reply.ts';
import { usersReply } from '../users-reply.ts';
import { requireRights, sightCheck } from './caller-view.ts';
import { type Asked, ask, fault, liveListOf, pageOf } from './list-call.ts';
import type { ResourceParts } from './parts.ts';

/**
 * Kinds of KubeSphere 3.1 to 3.4 whose lists its consoles show also where there are none: on pages
 * without a menu to hide.
 */
const LATER_KINDS = new Set(['ippools', 'dashboards', 'clusterdashboards']);

function singular({ kind, group }: ResourceDefinition): string {
  const name = kind.toLowerCase();
  return group === '' ? name : `${name}.${group}`;
}

/**
 * Lists a resource, of one namespace, of all, or of those that the caller sees; with `watch=true`
 * the list goes on.
 */
export function listResources(parts: ResourceParts): Handler {
  const { catalog, live, userList } = parts;

  const answer = (asked: Asked, request: RouteRequest) => {
    const { query, headers } = request;
    const { row, watch, view, list } = asked;
    if (row.resource === 'users' && userList.scopeOf(list).scope) {
      if (watch) {
        throw badRequest(
          'parameter watch: lists of members cannot be followed, only those of all users',
        );
      }

      return userList.list(list, request.signal).then(usersReply);
    }

    if (!watch) {
      return after(pageOf(asked, catalog), (page) => pageReply(page, row, catalog));
    }

    const follow = { ...watch, check: sightCheck(parts, row, request, view) };

    return liveReply(
      live,
      liveListOf(asked, catalog, query),
      follow,
      headers,
      catalog.staleness(row),
    );
  };

  const listed = (request: RouteRequest) =>
    after<Asked, unknown>(ask(parts, request), (asked) => answer(asked, request));

  return (request: RouteRequest) => {
    const { resources = '' } = request.params;
    if (!LATER_KINDS.has(resources)) {
      return listed(request);
    }

    return after(catalog.resolve(resources), (row) =>
      row ? listed(request) : { items: [], totalItems: 0 },
    );
  };
}

/** Serves live lists over WebSocket. */
export function watchResources(parts: ResourceParts): UpgradeHandler {
  const { catalog, live, userList } = parts;

  return async (request: UpgradeRequest) => {
    const { incoming, params, query } = request;
    const { req, user, info, signal } = incoming;
    const call = { params, query, user, info, signal, headers: req.headers };
    const asked = await ask(parts, call);
    const { row, watch, view, list } = asked;
    if (!watch) {
      throw badRequest('of lists only those with watch=true can be upgraded');
    }

    if (row.resource === 'users' && userList.scopeOf(list).scope) {
      throw badRequest(
        'parameter watch: lists of members cannot be followed, only those of all users',
      );
    }

    const follow = { ...watch, check: sightCheck(parts, row, call, view) };
    await liveSocket(live, liveListOf(asked, catalog, query), follow, request);
  };
}

/** Reads one object by name. */
export function getResource(parts: ResourceParts): Handler {
  const { catalog, authorizer } = parts;

  const entryOf = (
    row: ResourceDefinition,
    store: Store,
    { namespace = '', name = '' }: RouteRequest['params'],
  ) => {
    const entry = store.get(name, row.namespaced ? namespace : '');
    if (!entry) {
      throw fault(`${singular(row)} "${name}" not found`);
    }

    return objectReply(entry, row, catalog);
  };

  return (request: RouteRequest) => {
    const { params } = request;
    const { resources = '', namespace = '', name = '' } = params;

    return after(catalog.resolve(resources), (row) => {
      if (!row) {
        throw fault(`resource ${namespace}.${resources}.${name} not found`);
      }

      requireRights(authorizer, row, request);

      const store = catalog.ready(row) ?? catalog.synced(row, request.signal);

      return after<Store, unknown>(store, (synced) => entryOf(row, synced, params));
    });
  };
}
