import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import { clusterListBody, clusterListTag } from '../../models/clusters/lists/cluster-body.ts';
import type { ClusterSearch } from '../../models/clusters/lists/cluster-search.ts';
import {
  CLUSTERS_PARAMETER,
  type ClusterSelection,
  takeClusters,
} from '../../models/clusters/lists/cluster-selection.ts';
import type { ClusterSources } from '../../models/clusters/lists/cluster-source.ts';
import type { ResourceDefinition } from '../../models/resources/query/resource-definition.ts';
import { cachingHeaders } from '../page-reply.ts';
import { takeWatch } from '../watch-request.ts';
import { accessWithin, withoutSight } from './caller-access.ts';
import type { ResourceDependencies } from './dependencies.ts';
import { fault, LATER_KINDS, listQueryOf } from './list-call.ts';

const NOT_FOLLOWED = 'parameter watch: a list of several clusters cannot be followed';

/** Returns the kind of a list, for how its query is read: equal in all clusters. */
function kindOf({ sources }: ClusterSources): ResourceDefinition | undefined {
  return sources[0]?.definition;
}

/** Returns the headers that name the copies that are out of date. */
function staleNote({ sources }: ClusterSources): string | undefined {
  const notes = sources.flatMap(({ stale }) => stale ?? []);
  return notes.length === 0 ? undefined : notes.join(', ');
}

/** A call for a list of several clusters. */
interface ClusterCall {
  request: RouteRequest;
  selection: ClusterSelection;
  /** The call's query without the parameters that choose clusters. */
  query: URLSearchParams;
}

/** Throws for what a list of several clusters does not have. */
function checkCall(
  { userList }: ResourceDependencies,
  definition: ResourceDefinition | undefined,
  { params: { resources = '' } }: RouteRequest,
  { sources, states, isIncomplete }: ClusterSources,
  list: ReturnType<typeof listQueryOf>,
): void {
  if (definition?.resource === 'users' && userList.scopeOf(list).scope) {
    throw badRequest(
      'parameter clusters: lists of members are those of one cluster, only all users can be listed',
    );
  }

  const isUnserved = states.length > 0 && states.every(({ state }) => state === 'unserved');
  if (sources.length === 0 && isUnserved && !isIncomplete && !LATER_KINDS.has(resources)) {
    throw fault(`resource ${resources} is not supported`);
  }
}

async function pageOfClusters(
  dependencies: ResourceDependencies,
  search: ClusterSearch,
  { request, query }: ClusterCall,
  opened: ClusterSources,
): Promise<RouteReply> {
  const { params } = request;
  const definition = kindOf(opened);
  const { visibleOnly } = request.info;
  const filters =
    visibleOnly && definition ? withoutSight(query, definition) : new URLSearchParams(query);
  const list = listQueryOf(request, filters, undefined);

  checkCall(dependencies, definition, request, opened, list);

  const { sources } = opened;
  const page = await search.pages.page({ sources, query: list, namespace: params.namespace });

  // A page of a snapshot contains the link to the next one, and must not be cached.
  const etag = page.continue === undefined ? await clusterListTag(page, opened) : undefined;
  const { pieces, length } = await clusterListBody(page, opened);

  return new RouteReply(
    200,
    {
      'content-type': 'application/json',
      'content-length': String(length),
      ...cachingHeaders(etag, staleNote(opened)),
    },
    pieces,
  );
}

function searchOf({ clusters }: ResourceDependencies): ClusterSearch {
  if (!clusters) {
    throw badRequest(
      'parameter clusters: this server knows no other clusters; set multicluster.enable, or leave it out',
    );
  }

  return clusters;
}

async function listOfClusters(
  dependencies: ResourceDependencies,
  call: ClusterCall,
): Promise<RouteReply> {
  const search = searchOf(dependencies);
  const { request, query, selection } = call;
  const { params, headers, user, info } = request;

  if (takeWatch(query, headers)) {
    throw badRequest(NOT_FOLLOWED);
  }

  const opened = await search.lists.open({
    resources: params.resources ?? '',
    selection,
    caller: user,
    accessIn: (scope, definition, caller) =>
      accessWithin(scope, definition, { params, query, user, info }, caller),
  });

  try {
    return await pageOfClusters(dependencies, search, call, opened);
  } finally {
    opened.release();
  }
}

/** Answers lists of several clusters where a call asks for some, and leaves all others to `list`. */
export function withClusters(dependencies: ResourceDependencies, list: Handler): Handler {
  return (request) => {
    if (!request.query.has(CLUSTERS_PARAMETER)) {
      return list(request);
    }

    const query = new URLSearchParams(request.query);
    const selection = takeClusters(query);

    return selection ? listOfClusters(dependencies, { request, selection, query }) : list(request);
  };
}

/** Throws BadRequest for a live list of several clusters. */
export function refuseClusters(query: URLSearchParams): void {
  if (query.has(CLUSTERS_PARAMETER)) {
    throw badRequest(NOT_FOLLOWED);
  }
}
