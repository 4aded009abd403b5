import type { Handler, Route, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { JaegerClient } from '@ks-apiserver/upstreams/jaeger/jaeger-client';
import { Type } from 'typebox';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import type { MeshGraph } from '../../models/service-mesh/graph/mesh-graph.ts';
import type { HealthCall, MeshHealth } from '../../models/service-mesh/health/mesh-health.ts';
import type { MeshMetrics } from '../../models/service-mesh/metrics/mesh-metrics.ts';
import { type RouteTuple, routesOf } from '../route-table.ts';
import { BASE, graphHandlers } from './graph.ts';
import { tracesHandler } from './traces.ts';
import {
  AppHealthSchema,
  GRAPH_PARAMETERS,
  GraphSchema,
  HEALTH_PARAMETERS,
  HEALTH_TYPE,
  METRIC_PARAMETERS,
  MetricsSchema,
  NamespaceHealthSchema,
  ServiceHealthSchema,
  TRACE_PARAMETERS,
  WorkloadHealthSchema,
} from './types.ts';

/** What the handlers of this group work with. */
export interface ServiceMeshDependencies {
  metrics: MeshMetrics;
  health: MeshHealth;
  graph: MeshGraph;
  /** Where traces are; undefined where none is known. */
  jaeger: JaegerClient | undefined;
}

const TAGS = ['ServiceMesh'];
const error = { errors: 'error' } as const;

function healthCall({ params, query, signal }: RouteRequest): HealthCall {
  return { namespace: params.namespace ?? '', query, signal };
}

function metricsHandler(metrics: MeshMetrics): Handler {
  return ({ params, query, signal }) => {
    const { namespace = '', app, service, workload } = params;
    return metrics.metrics({ subject: { namespace, app, service, workload }, query, signal });
  };
}

function metricTuples(metrics: MeshMetrics): RouteTuple[] {
  const handler = metricsHandler(metrics);
  const options = { ...error, parameters: METRIC_PARAMETERS, returns: MetricsSchema };

  return [
    ['', 'getNamespaceMetrics', 'a namespace'],
    ['/apps/{app}', 'getAppMetrics', 'an app'],
    ['/services/{service}', 'getServiceMetrics', 'a service'],
    ['/workloads/{workload}', 'getWorkloadMetrics', 'a workload'],
  ].map(([path, operationId = '', what]) => [
    'GET',
    `/namespaces/{namespace}${path}/metrics`,
    operationId,
    `Metrics of the traffic of ${what}`,
    handler,
    options,
  ]);
}

function healthTuples(health: MeshHealth): RouteTuple[] {
  const options = { ...error, parameters: HEALTH_PARAMETERS };

  return [
    [
      'GET',
      '/namespaces/{namespace}/health',
      'getNamespaceHealth',
      'Health of the apps, services or workloads of a namespace',
      (request) => health.ofNamespace(healthCall(request)),
      { ...error, parameters: [HEALTH_TYPE, ...HEALTH_PARAMETERS], returns: NamespaceHealthSchema },
    ],
    [
      'GET',
      '/namespaces/{namespace}/apps/{app}/health',
      'getAppHealth',
      'Health of an app',
      (request) => health.ofApp(request.params.app ?? '', healthCall(request)),
      { ...options, returns: AppHealthSchema },
    ],
    [
      'GET',
      '/namespaces/{namespace}/workloads/{workload}/health',
      'getWorkloadHealth',
      'Health of a workload',
      (request) => health.ofWorkload(request.params.workload ?? '', healthCall(request)),
      { ...options, returns: WorkloadHealthSchema },
    ],
    [
      'GET',
      '/namespaces/{namespace}/services/{service}/health',
      'getServiceHealth',
      'Health of a service',
      (request) => health.ofService(request.params.service ?? '', healthCall(request)),
      { ...options, returns: ServiceHealthSchema },
    ],
  ];
}

/** servicemesh.kubesphere.io/v1alpha2: traffic between workloads, as Istio reports it. */
export function servicemeshV1alpha2(
  { metrics, health, graph, jaeger }: ServiceMeshDependencies,
  authorizer: Authorizer,
): Route[] {
  const handlers = graphHandlers(graph, authorizer);
  const ofGraphs = { ...error, parameters: GRAPH_PARAMETERS, returns: GraphSchema };

  return routesOf(BASE, TAGS, [
    ...metricTuples(metrics),
    ...healthTuples(health),
    [
      'GET',
      '/namespaces/graph',
      'getNamespacesGraph',
      'Graph of the traffic of several namespaces',
      handlers.ofNamespaces,
      {
        ...ofGraphs,
        parameters: [
          {
            in: 'query',
            name: 'namespaces',
            description: 'namespaces, separated by commas',
            schema: Type.String(),
            required: true,
          },
          ...GRAPH_PARAMETERS,
        ],
      },
    ],
    [
      'GET',
      '/namespaces/{namespace}/graph',
      'getNamespaceGraph',
      'Graph of the traffic of a namespace',
      handlers.ofNamespace,
      ofGraphs,
    ],
    [
      'GET',
      '/namespaces/{namespace}/services/{service}/traces',
      'getServiceTracing',
      'Traces of a service',
      tracesHandler(jaeger),
      { parameters: TRACE_PARAMETERS, returns: Type.Unknown() },
    ],
  ]);
}
