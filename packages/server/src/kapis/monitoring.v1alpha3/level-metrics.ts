import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { Monitoring } from '../../models/monitoring/monitoring.ts';
import { parseGoDuration } from '../../models/monitoring/query/go-duration.ts';
import { componentLevel, LEVELS, type Level } from '../../models/monitoring/query/levels.ts';
import type { Scope } from '../../models/monitoring/query/scope.ts';
import type { Statistics } from '../../models/monitoring/statistics.ts';

/** Rates look back this far by default, in seconds. */
const DEFAULT_WINDOW_SECONDS = 300;

/** Pods that one call may list. */
const MAX_PODS = 1000;

/** Chooses every name. */
const EVERY_NAME = '.*';

function controllerOf(query: URLSearchParams): NonNullable<Scope['controller']> {
  const duration = query.get('duration') ?? '';
  const windowSeconds = duration === '' ? DEFAULT_WINDOW_SECONDS : parseGoDuration(duration);
  if (windowSeconds < 1) {
    throw badRequest('duration must be at least 1s');
  }

  return { job: query.get('job') ?? '', pod: query.get('pod') ?? '', windowSeconds };
}

function podsOf(query: URLSearchParams): readonly string[] {
  const pods = (query.get('namespaced_resources_filter') ?? '').split('|').filter(Boolean);
  if (pods.length > MAX_PODS) {
    throw badRequest(`namespaced_resources_filter names more than ${MAX_PODS} pods`);
  }

  return pods;
}

function scopeOf({ params, query }: RouteRequest): Scope {
  return {
    node: params.node,
    workspace: params.workspace,
    namespace: params.namespace,
    kind: params.kind,
    workload: params.workload,
    pod: params.pod,
    container: params.container,
    claim: params.pvc,
    storageClass: params.storageclass,
    ingress: params.ingress,
    filter: query.get('resources_filter') || EVERY_NAME,
  };
}

/** Handlers of the metrics of all levels. */
export function levelHandlers(monitoring: Monitoring, statistics: Statistics) {
  const read = (level: Level, request: RouteRequest, more: Partial<Scope> = {}) =>
    monitoring.metrics({
      level,
      scope: { ...scopeOf(request), ...more },
      query: request.query,
      signal: request.signal,
    });

  const of =
    (name: keyof typeof LEVELS): Handler =>
    (request) =>
      read(LEVELS[name], request);

  /** Workspaces, or numbers of what one of them has. */
  const workspaces: Handler = async (request) => {
    const { params, query, signal } = request;
    if (query.get('type') !== 'statistics') {
      return read(LEVELS.workspace, request);
    }

    monitoring.check(query);

    return statistics.ofWorkspace(params.workspace ?? '', signal);
  };

  return {
    of,
    workspaces,
    component: ((request) =>
      read(componentLevel(request.params.component ?? ''), request)) satisfies Handler,
    ingresses: ((request) =>
      read(LEVELS.ingress, request, {
        controller: controllerOf(request.query),
      })) satisfies Handler,
    pods: ((request) =>
      read(LEVELS.pod, request, { pods: podsOf(request.query) })) satisfies Handler,
    platform: (({ signal }) => statistics.ofPlatform(signal)) satisfies Handler,
  };
}
