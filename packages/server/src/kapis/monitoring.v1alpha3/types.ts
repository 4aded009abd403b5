import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import type { Parameter } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { queryText } from '../parameters.ts';

const Point = Type.Unknown({ $id: 'monitoring.Point' });

const MetricValue = Type.Object(
  {
    metric: Type.Optional(StringMap()),
    value: Type.Optional(Type.Unknown({ description: 'time and value of an instant query' })),
    values: Type.Optional(Type.Array(Point, { description: 'times and values of a range query' })),
  },
  { $id: 'monitoring.MetricValue' },
);

const MetricData = Type.Object(
  {
    resultType: Type.Optional(Type.String({ description: 'vector or matrix' })),
    result: Type.Optional(Type.Array(MetricValue, { description: 'series with their values' })),
  },
  { $id: 'monitoring.MetricData' },
);

/** One metric of an answer. */
export const MetricSchema = Type.Object(
  {
    metric_name: Type.Optional(Type.String({ description: 'name, such as scheduler_up_sum' })),
    data: Type.Optional(MetricData),
    error: Type.Optional(Type.String({ description: 'why the metric could not be read' })),
  },
  { $id: 'monitoring.Metric' },
);

/** The metrics of a level. */
export const MetricsSchema = Type.Object(
  {
    results: Type.Array(MetricSchema),
    page: Type.Optional(Type.Integer({ description: 'page of a ranking', format: 'int32' })),
    total_page: Type.Optional(Type.Integer({ description: 'number of pages', format: 'int32' })),
    total_item: Type.Optional(Type.Integer({ description: 'number of rows', format: 'int32' })),
  },
  { $id: 'monitoring.Metrics' },
);

/** Names, types and help texts of metrics. */
export const MetadataSchema = Type.Object(
  { data: Type.Array(StringMap()) },
  { $id: 'monitoring.Metadata' },
);

/** Label sets of series. */
export const LabelSetsSchema = Type.Object(
  { data: Type.Array(StringMap()) },
  { $id: 'monitoring.MetricLabelSet' },
);

/** When a query is evaluated. */
export const TIME_PARAMETERS: readonly Parameter[] = [
  queryText('start', 'start of a range, in Unix seconds; needs an end'),
  queryText('end', 'end of a range, in Unix seconds; needs a start'),
  {
    in: 'query',
    name: 'step',
    description: 'time between two points of a range, such as 90s, 10m or 1h30m',
    schema: Type.String({ default: '10m' }),
  },
  queryText('time', 'time of an instant query, in Unix seconds; by default now'),
];

/** Which metrics are read, and when. */
export const METRIC_PARAMETERS: readonly Parameter[] = [
  queryText(
    'metrics_filter',
    'regular expression that is found in the names of the metrics to read: cluster_cpu_usage|cluster_memory_total$',
  ),
  ...TIME_PARAMETERS,
];

/** How the rows of an instant query are ordered and cut. */
export const RANKING_PARAMETERS: readonly Parameter[] = [
  queryText('sort_metric', 'metric by whose values rows are ordered'),
  {
    in: 'query',
    name: 'sort_type',
    description: 'asc or desc',
    schema: Type.String({ default: 'desc' }),
  },
  {
    in: 'query',
    name: 'page',
    description: 'page from 1, with sort_metric',
    schema: Type.Integer(),
  },
  {
    in: 'query',
    name: 'limit',
    description: 'rows of a page, with sort_metric',
    schema: Type.Integer({ default: 5 }),
  },
];

/** Parameters of lists: which resources they are about, and how they are ranked. */
export const LIST_METRIC_PARAMETERS: readonly Parameter[] = [
  ...METRIC_PARAMETERS,
  queryText('resources_filter', 'regular expression that names must match as a whole'),
  ...RANKING_PARAMETERS,
];

/** Parameters of ingress metrics that tell the controller. */
export const CONTROLLER_PARAMETERS: readonly Parameter[] = [
  queryText('job', 'job under which Prometheus scrapes the ingress controller'),
  queryText('pod', 'pod of the ingress controller'),
  queryText('duration', 'window that rates look back, such as 5m'),
];
