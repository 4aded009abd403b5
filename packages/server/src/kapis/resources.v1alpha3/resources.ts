import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type {
  Handler,
  RouteRequest,
  UpgradeHandler,
  UpgradeRequest,
} from '@ks-apiserver/http/routes/route';
import type { ResourceDefinition } from '../../models/resources/query/resource-definition.ts';
import { liveReply, liveSocket } from '../live-reply.ts';
import { objectReply, pageReply } from '../page-reply.ts';
import { usersReply } from '../users-reply.ts';
import { requireRights, sightCheck } from './caller-access.ts';
import { watchClusters, withClusters } from './cluster-lists.ts';
import type { ResourceDependencies } from './dependencies.ts';
import { type Asked, ask, fault, LATER_KINDS, liveListOf, pageOf } from './list-call.ts';

function singular({ kind, group }: ResourceDefinition): string {
  const name = kind.toLowerCase();
  return group === '' ? name : `${name}.${group}`;
}

/**
 * Lists a resource, of one namespace, of all, or of those that the caller sees; with `watch=true`
 * the list is followed.
 */
export function listResources(dependencies: ResourceDependencies): Handler {
  const { catalog, live, userList } = dependencies;

  const answer = (asked: Asked, request: RouteRequest) => {
    const { query, headers } = request;
    const { definition, watch, access, list } = asked;
    if (definition.resource === 'users' && userList.scopeOf(list).scope) {
      if (watch) {
        throw badRequest(
          'parameter watch: lists of members cannot be followed, only those of all users',
        );
      }

      return userList.list(list, request).then(usersReply);
    }

    if (!watch) {
      return whenReady(pageOf(asked, catalog), (page) => pageReply(page, definition, catalog));
    }

    const follow = { ...watch, check: sightCheck(dependencies, definition, request, access) };

    return liveReply(
      live,
      liveListOf(asked, catalog, query),
      follow,
      headers,
      catalog.staleness(definition),
    );
  };

  const listed = (request: RouteRequest) =>
    whenReady<Asked, unknown>(ask(dependencies, request), (asked) => answer(asked, request));

  return withClusters(dependencies, (request: RouteRequest) => {
    const { resources = '' } = request.params;
    if (!LATER_KINDS.has(resources)) {
      return listed(request);
    }

    return whenReady(catalog.resolve(resources), (definition) =>
      definition ? listed(request) : { items: [], totalItems: 0 },
    );
  });
}

/** Serves live lists over WebSocket. */
export function watchResources(dependencies: ResourceDependencies): UpgradeHandler {
  const { catalog, live, userList } = dependencies;

  return async (request: UpgradeRequest) => {
    const { incoming, params, query } = request;
    const { req, user, info, signal } = incoming;
    const call = { params, query, user, info, signal, headers: req.headers };

    if (await watchClusters(dependencies, call, request)) {
      return;
    }

    const asked = await ask(dependencies, call);
    const { definition, watch, access, list } = asked;
    if (!watch) {
      throw badRequest('of lists only those with watch=true can be upgraded');
    }

    if (definition.resource === 'users' && userList.scopeOf(list).scope) {
      throw badRequest(
        'parameter watch: lists of members cannot be followed, only those of all users',
      );
    }

    const follow = { ...watch, check: sightCheck(dependencies, definition, call, access) };
    await liveSocket(live, liveListOf(asked, catalog, query), follow, request);
  };
}

/** Reads one object by name. */
export function getResource(dependencies: ResourceDependencies): Handler {
  const { catalog, authorizer } = dependencies;

  const entryOf = (
    definition: ResourceDefinition,
    store: InformerStore,
    { namespace = '', name = '' }: RouteRequest['params'],
  ) => {
    const entry = store.get(name, definition.namespaced ? namespace : '');
    if (!entry) {
      throw fault(`${singular(definition)} "${name}" not found`);
    }

    return objectReply(entry, definition, catalog);
  };

  return (request: RouteRequest) => {
    const { params } = request;
    const { resources = '', namespace = '', name = '' } = params;

    return whenReady(catalog.resolve(resources), (definition) => {
      if (!definition) {
        throw fault(`resource ${namespace}.${resources}.${name} not found`);
      }

      requireRights(authorizer, definition, request);

      const store = catalog.ready(definition) ?? catalog.synced(definition, request);

      return whenReady<InformerStore, unknown>(store, (synced) =>
        entryOf(definition, synced, params),
      );
    });
  };
}
