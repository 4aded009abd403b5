import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import type { MetricQueries } from '@ks-apiserver/promql/query-api';
import { namespaceObjects } from '../../models/network/namespace-objects.ts';
import { observedCalls } from '../../models/network/observed-calls.ts';
import { Topology } from '../../models/network/topology.ts';
import type { ScopeAnswer, WeaveScope } from '../../models/network/weave-scope.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { upstreamFailure } from '../forward.ts';

/** What topologies are made from. */
export interface TopologyDependencies {
  client: KubeReader;
  catalog: Catalog;
  /** Metrics in which calls between workloads may be found. */
  queries: MetricQueries;
  /** Draws the topologies instead; undefined where none is configured. */
  scope: WeaveScope | undefined;
}

/** Handlers of the two operations. */
export interface TopologyHandlers {
  nodes: Handler;
  node: Handler;
}

function noSuchNode({ params }: RouteRequest): StatusError {
  return new StatusError(
    404,
    'NotFound',
    `the topology of ${params.namespace} has no node "${params.node_id}"`,
  );
}

function scopeReply({ status, text }: ScopeAnswer): RouteReply {
  return new RouteReply(status, { 'content-type': 'application/json' }, text);
}

function scopeHandlers(scope: WeaveScope): TopologyHandlers {
  const asked = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw upstreamFailure(error, 'Weave Scope server');
    }
  };

  return {
    async nodes({ params: { namespace = '' }, query, signal }) {
      const times = query.getAll('timestamp');
      return scopeReply(await asked(() => scope.nodes(namespace, times, signal)));
    },

    async node(request) {
      const { params, query, signal } = request;
      const { namespace = '', node_id: id = '' } = params;
      const times = query.getAll('timestamp');
      const answer = await asked(() => scope.node(id, namespace, times, signal));
      if (!answer) {
        throw noSuchNode(request);
      }

      return scopeReply(answer);
    },
  };
}

/** Returns the handlers: Weave Scope answers, or the server from the objects that it knows. */
export function topologyHandlers(dependencies: TopologyDependencies): TopologyHandlers {
  const { queries, scope } = dependencies;
  if (scope) {
    return scopeHandlers(scope);
  }

  const topologyOf = async ({ params: { namespace = '' }, signal }: RouteRequest) => {
    const [objects, calls] = await Promise.all([
      namespaceObjects(dependencies, namespace, signal),
      observedCalls(queries, namespace, signal),
    ]);

    return new Topology(objects, calls);
  };

  return {
    nodes: async (request) => ({ nodes: (await topologyOf(request)).nodes() }),

    async node(request) {
      const node = (await topologyOf(request)).node(request.params.node_id ?? '');
      if (!node) {
        throw noSuchNode(request);
      }

      return { node };
    },
  };
}
