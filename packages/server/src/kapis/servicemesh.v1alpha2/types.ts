import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import type { Parameter } from '@ks-apiserver/http/routes/route';
import { type TSchema, Type } from 'typebox';
import { queryText } from '../parameters.ts';

/** Schema of objects by name. */
function mapOf(value: TSchema, options: Record<string, unknown> = {}): TSchema {
  return Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: value,
    ...options,
  });
}

function text(name: string, description: string, value: string): Parameter {
  return { in: 'query', name, description, schema: Type.String({ default: value }) };
}

const Series = Type.Object(
  {
    metric: StringMap(),
    values: Type.Array(Type.Unknown(), { description: 'times and values' }),
  },
  { $id: 'servicemesh.Series' },
);

const Metric = Type.Object(
  {
    matrix: Type.Optional(
      Type.Array(Series, { description: 'series; null when they could not be read' }),
    ),
  },
  { $id: 'prometheus.Metric' },
);

/** Metrics of traffic by name. */
export const MetricsSchema = Type.Object(
  {
    metrics: mapOf(Metric, { description: 'rates' }),
    histograms: mapOf(mapOf(Metric), { description: 'averages and quantiles' }),
  },
  { $id: 'v1alpha2.metricsResponse' },
);

const RequestHealth = Type.Object(
  {
    errorRatio: Type.Number({ description: 'share of failed requests; -1 without requests' }),
    inboundErrorRatio: Type.Number(),
    outboundErrorRatio: Type.Number(),
  },
  { $id: 'models.RequestHealth' },
);

const WorkloadStatus = Type.Object(
  {
    name: Type.String(),
    replicas: Type.Integer({ format: 'int32' }),
    available: Type.Integer({ format: 'int32' }),
  },
  { $id: 'models.WorkloadStatus' },
);

/** Health of an app. */
export const AppHealthSchema = Type.Object(
  { workloadStatuses: Type.Array(WorkloadStatus), requests: RequestHealth },
  { $id: 'v1alpha2.appHealthResponse' },
);

/** Health of a workload. */
export const WorkloadHealthSchema = Type.Object(
  { workloadStatus: WorkloadStatus, requests: RequestHealth },
  { $id: 'v1alpha2.workloadHealthResponse' },
);

/** Health of a service. */
export const ServiceHealthSchema = Type.Object(
  { requests: RequestHealth },
  { $id: 'v1alpha2.serviceHealthResponse' },
);

/** Health of everything in a namespace, by name. */
export const NamespaceHealthSchema = mapOf(AppHealthSchema);

const ProtocolTraffic = Type.Object(
  { protocol: Type.String(), rates: Type.Optional(StringMap()) },
  { $id: 'cytoscape.ProtocolTraffic' },
);

const Node = Type.Object(
  {
    data: Type.Object(
      {
        id: Type.String(),
        parent: Type.Optional(Type.String()),
        nodeType: Type.String({ description: 'app, service, unknown or workload' }),
        namespace: Type.String(),
        workload: Type.Optional(Type.String()),
        app: Type.Optional(Type.String()),
        version: Type.Optional(Type.String()),
        service: Type.Optional(Type.String()),
        destServices: Type.Optional(mapOf(Type.Boolean())),
        traffic: Type.Optional(Type.Array(ProtocolTraffic)),
        hasCB: Type.Optional(Type.Boolean({ description: 'has a circuit breaker' })),
        hasMissingSC: Type.Optional(Type.Boolean({ description: 'lacks a sidecar' })),
        hasVS: Type.Optional(Type.Boolean({ description: 'has a VirtualService' })),
        isDead: Type.Optional(Type.Boolean({ description: 'has no pods' })),
        isGroup: Type.Optional(Type.String({ description: 'by what its members are grouped' })),
        isInaccessible: Type.Optional(Type.Boolean()),
        isMisconfigured: Type.Optional(Type.String()),
        isOutside: Type.Optional(Type.Boolean()),
        isRoot: Type.Optional(Type.Boolean()),
        isServiceEntry: Type.Optional(Type.String()),
        isUnused: Type.Optional(Type.Boolean()),
      },
      { $id: 'cytoscape.NodeData' },
    ),
  },
  { $id: 'cytoscape.NodeWrapper' },
);

const Edge = Type.Object(
  {
    data: Type.Object(
      {
        id: Type.String(),
        source: Type.String(),
        target: Type.String(),
        traffic: ProtocolTraffic,
        responseTime: Type.Optional(Type.String({ description: 'in milliseconds' })),
        isMTLS: Type.Optional(Type.String({ description: 'percentage that is encrypted' })),
        isUnused: Type.Optional(Type.Boolean()),
      },
      { $id: 'cytoscape.EdgeData' },
    ),
  },
  { $id: 'cytoscape.EdgeWrapper' },
);

/** A graph of traffic. */
export const GraphSchema = Type.Object(
  {
    timestamp: Type.Integer({ format: 'int64' }),
    duration: Type.Integer({ format: 'int64' }),
    graphType: Type.String(),
    elements: Type.Object(
      { nodes: Type.Array(Node), edges: Type.Array(Edge) },
      { $id: 'cytoscape.Elements' },
    ),
  },
  { $id: 'v1alpha2.graphResponse' },
);

/** Parameters of metrics. */
export const METRIC_PARAMETERS: readonly Parameter[] = [
  queryText('filters[]', 'metrics to read, such as request_count; all by default'),
  queryText('queryTime', 'end of the range, in Unix seconds; by default now'),
  text('duration', 'length of the range in seconds', '1800'),
  text('step', 'seconds between two points', '15'),
  text('rateInterval', 'window of rates, such as 20s', '1m'),
  text('rateFunc', 'rate or irate', 'rate'),
  text('direction', 'inbound or outbound', 'outbound'),
  text('reporter', 'source or destination', 'source'),
  queryText('requestProtocol', 'http, grpc or tcp; all by default'),
  queryText('quantiles[]', 'quantiles to read, such as 0.95'),
  text('avg', 'whether averages are read', 'true'),
  queryText('byLabels[]', 'labels by which series are told apart, such as source_workload'),
];

/** Parameters of health. */
export const HEALTH_PARAMETERS: readonly Parameter[] = [
  text('rateInterval', 'window of rates, such as 60s', '10m'),
  queryText('queryTime', 'not used: health is that of now'),
];

/** Which things of a namespace are asked. */
export const HEALTH_TYPE: Parameter = {
  ...queryText('type', 'app, service or workload'),
  required: true,
};

/** Parameters of graphs. */
export const GRAPH_PARAMETERS: readonly Parameter[] = [
  text('duration', 'window of rates, such as 60s', '10m'),
  text('graphType', 'app, service, versionedApp or workload', 'workload'),
  text('groupBy', 'app, none or version', 'none'),
  queryText('queryTime', 'time of the graph, in Unix seconds; by default now'),
  text('injectServiceNodes', 'whether services stand before what answers for them', 'false'),
  text('includeIstio', 'whether traffic to Istio itself is shown', 'false'),
  queryText(
    'appenders',
    'what is added, separated by commas: serviceEntry, deadNode, responseTime, securityPolicy, unusedNode, istio, sidecarsCheck; all by default',
  ),
  text('responseTimeQuantile', 'quantile of response times', '0.95'),
];

/** Parameters of traces. */
export const TRACE_PARAMETERS: readonly Parameter[] = [
  queryText('start', 'earliest time, in Unix microseconds'),
  queryText('end', 'latest time, in Unix microseconds'),
  queryText('limit', 'most traces'),
  queryText('lookback', 'how far to look back, such as 1h'),
  queryText('loopback', 'the same, as KubeSphere 3.0 names it'),
  queryText('operation', 'name of an operation'),
  queryText('tags', 'tags of spans as a JSON object of texts'),
  queryText('minDuration', 'shortest duration, such as 100ms'),
  queryText('maxDuration', 'longest duration'),
];
