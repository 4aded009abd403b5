import { badRequest, StatusError, timeout } from '@ks-apiserver/apimachinery/meta/errors';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { type MetricQueries, QueryError } from '@ks-apiserver/promql/query-api';
import type { Expression } from '@ks-apiserver/promql/syntax/expression';
import { printExpression } from '@ks-apiserver/promql/syntax/print';
import { type MeshNamespaces, wholeAge } from '../mesh-namespaces.ts';
import type { MeshObjects } from '../mesh-objects.ts';
import { failureText, type Sample, samplesOf } from '../query/results.ts';
import { type Workload, workloadsOf } from '../workloads/workloads.ts';
import { answerOf, type GraphAnswer } from './answer.ts';
import { removeDeadNodes } from './appenders/dead-nodes.ts';
import { markIstioRules } from './appenders/istio-rules.ts';
import { markMissingSidecars } from './appenders/missing-sidecars.ts';
import { securedTraffic, setMutualTls } from './appenders/mutual-tls.ts';
import { responseTimes, setResponseTimes } from './appenders/response-times.ts';
import { locationsOf, markServiceEntries } from './appenders/service-entries.ts';
import { addUnusedNodes } from './appenders/unused-nodes.ts';
import type { TrafficGraph } from './graph.ts';
import { groupsOf } from './groups.ts';
import { markOutside, markRoots, mergeInto } from './merge.ts';
import {
  type AppenderName,
  type GraphOptions,
  parseAppenders,
  parseGraphOptions,
} from './options.ts';
import { serviceGraphOf } from './service-graph.ts';
import { TCP, TrafficBuilder } from './traffic.ts';
import {
  byteQueries,
  durationQueries,
  requestQueries,
  securityQueries,
  type TrafficScope,
} from './traffic-queries.ts';

/** A call for the graph of namespaces. */
export interface GraphCall {
  readonly namespaces: readonly string[];
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

/** What all parts of one graph work with. */
interface Drawing {
  readonly options: GraphOptions;
  readonly appenders: ReadonlySet<AppenderName>;
  readonly signal: AbortSignal;
}

/** Limit of a graph with all its queries, in milliseconds. */
const DRAWING_MS = 60_000;

/** Draws graphs of the traffic in the service mesh. */
export class MeshGraph {
  readonly #queries: MetricQueries;
  readonly #namespaces: MeshNamespaces;
  readonly #objects: MeshObjects;

  constructor(queries: MetricQueries, namespaces: MeshNamespaces, objects: MeshObjects) {
    this.#queries = queries;
    this.#namespaces = namespaces;
    this.#objects = objects;
  }

  /**
   * Draws the graph of namespaces. Throws BadRequest for wrong parameters, Forbidden for namespaces
   * of which no graph is drawn, and internal errors when a query fails.
   */
  async draw({ namespaces, query, signal }: GraphCall): Promise<GraphAnswer> {
    const options = parseGraphOptions(query);
    const accessible = this.#namespaces.names();
    const asked = this.#checked(namespaces, accessible);
    const appenders = parseAppenders(query);
    const deadline = new Deadline(DRAWING_MS, signal);

    try {
      const drawing = { options, appenders, signal: deadline.signal };
      return await this.#drawn(asked, accessible, drawing);
    } catch (error) {
      throw deadline.signal.aborted && !signal.aborted
        ? timeout(`the graph was not drawn within ${DRAWING_MS / 1000} seconds`)
        : asInternal(error);
    } finally {
      deadline.end();
    }
  }

  #checked(namespaces: readonly string[], accessible: ReadonlySet<string>): ReadonlySet<string> {
    const asked = new Set(namespaces);
    if (asked.size === 0) {
      throw badRequest(
        'At least one namespace must be specified via the namespaces query parameter.',
      );
    }

    for (const name of asked) {
      if (!accessible.has(name)) {
        throw new StatusError(403, 'Forbidden', `Requested namespace [${name}] is not accessible.`);
      }
    }

    return asked;
  }

  async #drawn(
    asked: ReadonlySet<string>,
    accessible: ReadonlySet<string>,
    drawing: Drawing,
  ): Promise<GraphAnswer> {
    const { options } = drawing;
    const graph: TrafficGraph = new Map();

    // One after the other: their queries would otherwise be asked all at once.
    for (const namespace of asked) {
      mergeInto(graph, await this.#ofNamespace(namespace, accessible, drawing), namespace);
    }

    markOutside(graph, asked, accessible);
    markRoots(graph);

    const shown = options.graphType === 'service' ? serviceGraphOf(graph) : graph;

    return answerOf(shown, options, (nodes) => groupsOf(nodes, options));
  }

  async #ofNamespace(
    namespace: string,
    accessible: ReadonlySet<string>,
    drawing: Drawing,
  ): Promise<TrafficGraph> {
    const { options, signal } = drawing;
    const created = await this.#namespaces.createdAt(namespace, signal);
    const age = wholeAge(created, options.queryTime);

    const scope: TrafficScope = {
      namespace,
      windowMs: Math.min(options.durationSeconds, age) * 1000,
      includeIstio: options.includeIstio,
    };

    const [requests, bytes] = await Promise.all([
      this.#samples(requestQueries(scope), drawing),
      this.#samples(byteQueries(scope), drawing),
    ]);

    const { graph } = new TrafficBuilder(options).add(requests).add(bytes, TCP);
    await this.#append(graph, scope, accessible, drawing);

    return graph;
  }

  /** Adds what the appenders know, in their order; each may rely on those before it. */
  async #append(
    graph: TrafficGraph,
    scope: TrafficScope,
    accessible: ReadonlySet<string>,
    drawing: Drawing,
  ): Promise<void> {
    const { namespace } = scope;
    const { options, appenders, signal } = drawing;
    const isOn = (name: AppenderName) => appenders.has(name) && graph.size > 0;
    const addsUnused =
      appenders.has('unusedNode') && options.graphType !== 'service' && !options.isOfOneNode;

    const needsWorkloads = addsUnused || isOn('deadNode') || isOn('sidecarsCheck');
    const workloads = needsWorkloads ? await this.#workloads(namespace, signal) : new Map();

    if (isOn('serviceEntry')) {
      const entries = await this.#objects.ofIstio('serviceentries', signal);
      const known = entries.filter(({ metadata }) => accessible.has(metadata.namespace ?? ''));
      markServiceEntries(graph, locationsOf(known));
    }

    if (isOn('deadNode')) {
      removeDeadNodes(graph, workloads);
    }

    if (isOn('responseTime')) {
      const queries = durationQueries(scope, options.responseTimeQuantile);
      setResponseTimes(graph, responseTimes(await this.#samples(queries, drawing), options));
    }

    if (isOn('securityPolicy')) {
      const samples = await this.#samples(securityQueries(scope), drawing);
      setMutualTls(graph, securedTraffic(samples, options));
    }

    if (addsUnused) {
      addUnusedNodes(graph, namespace, workloads.values(), options.graphType);
    }

    if (isOn('istio')) {
      await this.#markRules(graph, namespace, signal);
    }

    if (isOn('sidecarsCheck')) {
      markMissingSidecars(graph, namespace, workloads);
    }
  }

  async #markRules(graph: TrafficGraph, namespace: string, signal: AbortSignal): Promise<void> {
    const [destinationRules, virtualServices] = await Promise.all([
      this.#objects.ofIstio('destinationrules', signal, namespace),
      this.#objects.ofIstio('virtualservices', signal, namespace),
    ]);

    markIstioRules(graph, namespace, { destinationRules, virtualServices });
  }

  async #workloads(namespace: string, signal: AbortSignal): Promise<Map<string, Workload>> {
    const workloads = workloadsOf(await this.#objects.workloads(namespace, signal));
    return new Map(workloads.map((workload) => [workload.name, workload]));
  }

  /** Returns the samples of queries in their order. */
  async #samples(queries: readonly Expression[], { options, signal }: Drawing): Promise<Sample[]> {
    const results = await Promise.all(
      queries.map((expression) =>
        this.#queries.query(printExpression(expression), options.queryTime, signal),
      ),
    );

    return results.flatMap(samplesOf);
  }
}

/** Returns the error of a graph: whatever fails is an internal error with its text, as in 3.0. */
function asInternal(error: unknown): unknown {
  if (error instanceof QueryError) {
    return new StatusError(500, 'InternalError', failureText(error));
  }

  return error;
}
