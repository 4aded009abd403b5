import type { Writable } from 'node:stream';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import {
  type Handler,
  RouteReply,
  RouteStream,
  type UpgradeRequest,
} from '@ks-apiserver/http/routes/route';
import { clusterListBody, clusterListTag } from '../../models/clusters/lists/cluster-body.ts';
import type { ClusterListCall } from '../../models/clusters/lists/cluster-lists.ts';
import type { ClusterSearch } from '../../models/clusters/lists/cluster-search.ts';
import {
  CLUSTERS_PARAMETER,
  type ClusterSelection,
  takeClusters,
} from '../../models/clusters/lists/cluster-selection.ts';
import type { ClusterSources } from '../../models/clusters/lists/cluster-source.ts';
import { liveClusterList } from '../../models/clusters/lists/live-clusters.ts';
import type { Follow, LiveList } from '../../models/live/live-lists.ts';
import type { ListQuery } from '../../models/resources/query/query.ts';
import type { ResourceDefinition } from '../../models/resources/query/resource-definition.ts';
import { liveReply, liveSocket } from '../live-reply.ts';
import { cachingHeaders } from '../page-reply.ts';
import { takeWatch, type WatchRequest } from '../watch-request.ts';
import { accessWithin, withoutSight } from './caller-access.ts';
import type { ResourceDependencies } from './dependencies.ts';
import { fault, LATER_KINDS, type ListCall, listQueryOf } from './list-call.ts';

/** Returns the kind of a list, for how its query is read: equal in all clusters. */
function kindOf({ sources }: ClusterSources): ResourceDefinition | undefined {
  return sources[0]?.definition;
}

/** Returns the headers that name the copies that are out of date. */
function staleNote({ sources }: ClusterSources): string | undefined {
  const notes = sources.flatMap((source) => source.stale() ?? []);
  return notes.length === 0 ? undefined : notes.join(', ');
}

/** A call for lists of several clusters. */
interface ClusterCall {
  request: ListCall;
  selection: ClusterSelection;
  /** The call's query without the parameters that choose clusters, and those of watches. */
  query: URLSearchParams;
  watch: WatchRequest | undefined;
}

/** A list that is found in several clusters. */
interface FoundList {
  opened: ClusterSources;
  definition: ResourceDefinition | undefined;
  list: ListQuery;
}

/** Throws for what a list of several clusters does not have. */
function checkCall(
  { userList }: ResourceDependencies,
  definition: ResourceDefinition | undefined,
  { params: { resources = '' } }: ListCall,
  { sources, states, isIncomplete }: ClusterSources,
  list: ListQuery,
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

function searchOf({ clusters }: ResourceDependencies): ClusterSearch {
  if (!clusters) {
    throw badRequest(
      'parameter clusters: this server knows no other clusters; set multicluster.enable, or leave it out',
    );
  }

  return clusters;
}

function clusterCall(
  request: ListCall,
  selection: ClusterSelection,
  query: URLSearchParams,
): ClusterCall {
  const watch = takeWatch(query, request.headers);
  if (watch && query.has('continue')) {
    throw badRequest('parameter continue: a list with watch=true has no snapshot');
  }

  return { request, selection, query, watch };
}

function sourcesCall({ request, selection, query }: ClusterCall): ClusterListCall {
  const { params, user, info } = request;

  return {
    resources: params.resources ?? '',
    selection,
    caller: user,
    accessIn: (scope, definition, caller) =>
      accessWithin(scope, definition, { params, query, user, info }, caller),
  };
}

/** Reads the query of a list that is found. Throws BadRequest, and 3.0's 500 for no such kind. */
function readQuery(
  dependencies: ResourceDependencies,
  { request, query }: ClusterCall,
  opened: ClusterSources,
): FoundList {
  const definition = kindOf(opened);
  const isNarrowed = request.info.visibleOnly && definition !== undefined;
  const filters = isNarrowed ? withoutSight(query, definition) : new URLSearchParams(query);
  const list = listQueryOf(request, filters, undefined);

  checkCall(dependencies, definition, request, opened, list);

  return { opened, definition, list };
}

async function pageReplyOf(
  search: ClusterSearch,
  { request: { params } }: ClusterCall,
  { opened, list }: FoundList,
): Promise<RouteReply> {
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

/** Returns the live list of a call, and how it is followed. */
async function liveListOf(
  { catalog }: ResourceDependencies,
  search: ClusterSearch,
  call: ClusterCall,
  watch: WatchRequest,
  found: FoundList,
): Promise<{ live: LiveList; follow: Follow }> {
  const { params, info } = call.request;
  const { resources = '', namespace } = params;
  const { opened, list } = found;
  const definition = found.definition ?? (await catalog.resolve(resources));
  if (!definition) {
    throw fault(`resource ${resources} is not supported`);
  }

  const query = new URLSearchParams(call.query);
  query.sort();

  const key = JSON.stringify([namespace, info.visibleOnly, query.toString()]);
  const live = liveClusterList({ definition, opened, query: list, namespace, key }, search.pages);

  return { live, follow: { ...watch, check: search.changeCheck(sourcesCall(call), opened) } };
}

/** Calls back once, when a connection is closed. */
function whenClosed(connection: Writable, done: () => void): void {
  if (connection.closed) {
    done();
  } else {
    connection.once('close', done);
  }
}

async function listOfClusters(
  dependencies: ResourceDependencies,
  call: ClusterCall,
): Promise<RouteReply | RouteStream> {
  const search = searchOf(dependencies);
  const { watch, request } = call;
  const opened = await search.lists.open(sourcesCall(call));
  let isStreaming = false;

  try {
    const found = readQuery(dependencies, call, opened);
    if (!watch) {
      return await pageReplyOf(search, call, found);
    }

    const { live, follow } = await liveListOf(dependencies, search, call, watch, found);
    const stale = staleNote(opened);
    const reply = await liveReply(dependencies.live, live, follow, request.headers, stale);
    if (reply instanceof RouteReply) {
      return reply;
    }

    isStreaming = true;

    // The clusters are followed as long as somebody reads their list.
    return new RouteStream((exchange) => {
      whenClosed(exchange.res, opened.release);
      reply.open(exchange);
    });
  } finally {
    if (!isStreaming) {
      opened.release();
    }
  }
}

/** Answers lists of several clusters where a call asks for some, and leaves all others to `list`. */
export function withClusters(dependencies: ResourceDependencies, list: Handler): Handler {
  return (request) => {
    // Most calls ask for no clusters, and their queries are not copied.
    if (!request.query.has(CLUSTERS_PARAMETER)) {
      return list(request);
    }

    const query = new URLSearchParams(request.query);
    const selection = takeClusters(query);

    return selection
      ? listOfClusters(dependencies, clusterCall(request, selection, query))
      : list(request);
  };
}

/**
 * Serves live lists of several clusters over WebSocket. Returns whether the call asks for one.
 * Rejects with what is wrong before the connection is upgraded.
 */
export async function watchClusters(
  dependencies: ResourceDependencies,
  call: ListCall,
  upgrade: UpgradeRequest,
): Promise<boolean> {
  const query = new URLSearchParams(call.query);
  const selection = takeClusters(query);
  if (!selection) {
    return false;
  }

  const search = searchOf(dependencies);
  const asked = clusterCall(call, selection, query);
  if (!asked.watch) {
    throw badRequest('of lists only those with watch=true can be upgraded');
  }

  const opened = await search.lists.open(sourcesCall(asked));
  whenClosed(upgrade.socket, opened.release);

  const found = readQuery(dependencies, asked, opened);
  const { live, follow } = await liveListOf(dependencies, search, asked, asked.watch, found);

  await liveSocket(dependencies.live, live, follow, upgrade);

  return true;
}
