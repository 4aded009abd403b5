import type { Handler, Route } from '@ks-apiserver/http/routes/route';
import type { CustomMetrics } from '../../models/monitoring/custom-metrics.ts';
import type { Monitoring } from '../../models/monitoring/monitoring.ts';
import type { LEVELS } from '../../models/monitoring/query/levels.ts';
import type { Statistics } from '../../models/monitoring/statistics.ts';
import { queryText } from '../parameters.ts';
import { type RouteOptions, type RouteTuple, routesOf } from '../route-table.ts';
import { customMetricHandlers } from './custom-metrics.ts';
import { levelHandlers } from './level-metrics.ts';
import {
  CONTROLLER_PARAMETERS,
  LabelSetsSchema,
  LIST_METRIC_PARAMETERS,
  METRIC_PARAMETERS,
  MetadataSchema,
  MetricSchema,
  MetricsSchema,
  RANKING_PARAMETERS,
  TIME_PARAMETERS,
} from './types.ts';

const BASE = '/kapis/monitoring.kubesphere.io/v1alpha3';

/** What the handlers of this group work with. */
export interface MonitoringDependencies {
  monitoring: Monitoring;
  custom: CustomMetrics;
  statistics: Statistics;
}

/** Paths of one level: lists and single resources, both with the same operation. */
interface LevelRoutes {
  level: keyof typeof LEVELS;
  operationId: string;
  tag: string;
  lists?: readonly string[];
  singles?: readonly string[];
}

const ONE_WORKLOAD = '/namespaces/{namespace}/workloads/{kind}/{workload}';

const LEVEL_ROUTES: readonly LevelRoutes[] = [
  {
    level: 'cluster',
    operationId: 'handleClusterMetricsQuery',
    tag: 'Cluster Metrics',
    singles: ['/cluster'],
  },
  {
    level: 'node',
    operationId: 'handleNodeMetricsQuery',
    tag: 'Node Metrics',
    lists: ['/nodes'],
    singles: ['/nodes/{node}'],
  },
  {
    level: 'namespace',
    operationId: 'handleNamespaceMetricsQuery',
    tag: 'Namespace Metrics',
    lists: ['/workspaces/{workspace}/namespaces', '/namespaces'],
    singles: ['/namespaces/{namespace}'],
  },
  {
    level: 'workload',
    operationId: 'handleWorkloadMetricsQuery',
    tag: 'Workload Metrics',
    lists: ['/namespaces/{namespace}/workloads', '/namespaces/{namespace}/workloads/{kind}'],
  },
  {
    level: 'pod',
    operationId: 'handlePodMetricsQuery',
    tag: 'Pod Metrics',
    lists: ['/namespaces/{namespace}/pods', `${ONE_WORKLOAD}/pods`, '/nodes/{node}/pods'],
    singles: ['/namespaces/{namespace}/pods/{pod}', '/nodes/{node}/pods/{pod}'],
  },
  {
    level: 'container',
    operationId: 'handleContainerMetricsQuery',
    tag: 'Container Metrics',
    lists: ['/namespaces/{namespace}/pods/{pod}/containers'],
    singles: ['/namespaces/{namespace}/pods/{pod}/containers/{container}'],
  },
  {
    level: 'claim',
    operationId: 'handlePVCMetricsQuery',
    tag: 'PVC Metrics',
    lists: [
      '/storageclasses/{storageclass}/persistentvolumeclaims',
      '/namespaces/{namespace}/persistentvolumeclaims',
    ],
    singles: ['/namespaces/{namespace}/persistentvolumeclaims/{pvc}'],
  },
];

const metrics = { returns: MetricsSchema };

function levelTuples(of: (level: LevelRoutes['level']) => Handler): RouteTuple[] {
  return LEVEL_ROUTES.flatMap(({ level, operationId, tag, lists = [], singles = [] }) => {
    const tuple = (path: string, options: RouteOptions): RouteTuple => [
      'GET',
      path,
      operationId,
      `Metrics of ${path.slice(1)}`,
      of(level),
      { ...metrics, tags: [tag], ...options },
    ];

    return [
      ...lists.map((path) => tuple(path, { parameters: LIST_METRIC_PARAMETERS })),
      ...singles.map((path) => tuple(path, { parameters: METRIC_PARAMETERS })),
    ];
  });
}

/** Routes about series of applications below a path. */
function customTuples(path: string, custom: CustomMetrics, suffix = ''): RouteTuple[] {
  const handlers = customMetricHandlers(custom);
  const tags = ['Custom Metrics'];

  return [
    [
      'GET',
      `${path}/targets/metadata`,
      `handleMetadataQuery${suffix}`,
      'Metrics that applications export',
      handlers.metadata,
      { tags, returns: MetadataSchema },
    ],
    [
      'GET',
      `${path}/targets/labelsets`,
      `handleMetricLabelSetQuery${suffix}`,
      'Label sets of a metric',
      handlers.labelSets,
      {
        tags,
        returns: LabelSetsSchema,
        parameters: [
          queryText('metric', 'selector of PromQL'),
          ...TIME_PARAMETERS.filter(({ name }) => name === 'start' || name === 'end'),
        ],
      },
    ],
    [
      'GET',
      `${path}/targets/query`,
      `handleAdhocQuery${suffix}`,
      'Evaluate an expression',
      handlers.query,
      {
        tags,
        returns: MetricSchema,
        parameters: [queryText('expr', 'expression of PromQL'), ...TIME_PARAMETERS],
      },
    ],
  ];
}

/** monitoring.kubesphere.io/v1alpha3: charts of the cluster and of what runs in it. */
export function monitoringV1alpha3(dependencies: MonitoringDependencies): Route[] {
  const { monitoring, custom, statistics } = dependencies;
  const handlers = levelHandlers(monitoring, statistics);
  const ofWorkspaces = { ...metrics, tags: ['Workspace Metrics'] };
  const ofIngresses = { ...metrics, tags: ['Ingress Metrics'] };

  return routesOf(
    BASE,
    [],
    [
      [
        'GET',
        '/kubesphere',
        'handleKubeSphereMetricsQuery',
        'Numbers of the platform',
        handlers.platform,
        { ...metrics, tags: ['KubeSphere Metrics'] },
      ],
      ...levelTuples(handlers.of),
      [
        'GET',
        '/workspaces',
        'handleWorkspaceMetricsQuery',
        'Metrics of workspaces',
        handlers.workspaces,
        { ...ofWorkspaces, parameters: LIST_METRIC_PARAMETERS },
      ],
      [
        'GET',
        '/workspaces/{workspace}',
        'handleWorkspaceMetricsQuery',
        'Metrics of a workspace',
        handlers.workspaces,
        {
          ...ofWorkspaces,
          parameters: [
            ...METRIC_PARAMETERS,
            queryText('type', '"statistics" counts objects of the workspace instead'),
          ],
        },
      ],
      [
        'GET',
        '/components/{component}',
        'handleComponentMetricsQuery',
        'Metrics of etcd, apiserver or scheduler',
        handlers.component,
        { ...metrics, tags: ['Component Metrics'], parameters: METRIC_PARAMETERS },
      ],
      ...customTuples('/namespaces/{namespace}', custom),
      // From 3.1 and 3.2 on.
      ...customTuples('', custom, 'OfCluster'),
      [
        'GET',
        '/pods',
        'handlePodMetricsQuery',
        'Metrics of pods of all namespaces',
        handlers.pods,
        {
          ...metrics,
          tags: ['Pod Metrics'],
          parameters: [
            ...METRIC_PARAMETERS,
            queryText('namespaced_resources_filter', 'pods to read: namespace/pod|namespace/pod'),
            ...RANKING_PARAMETERS,
          ],
        },
      ],
      [
        'GET',
        '/namespaces/{namespace}/ingresses',
        'handleIngressMetricsQuery',
        'Metrics of ingresses',
        handlers.ingresses,
        { ...ofIngresses, parameters: [...CONTROLLER_PARAMETERS, ...LIST_METRIC_PARAMETERS] },
      ],
      [
        'GET',
        '/namespaces/{namespace}/ingresses/{ingress}',
        'handleIngressMetricsQuery',
        'Metrics of an ingress',
        handlers.ingresses,
        { ...ofIngresses, parameters: [...CONTROLLER_PARAMETERS, ...METRIC_PARAMETERS] },
      ],
    ],
  );
}
