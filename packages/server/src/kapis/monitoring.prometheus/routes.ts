import {
  type Handler,
  type Route,
  RouteReply,
  type RouteRequest,
} from '@ks-apiserver/http/routes/route';
import { QueryError } from '@ks-apiserver/promql/query-api';
import { Type } from 'typebox';
import type {
  PrometheusApi,
  PrometheusCall,
} from '../../models/monitoring/prometheus-api/prometheus-api.ts';
import { queryText } from '../parameters.ts';
import { type RouteTuple, routesOf } from '../route-table.ts';

const BASE = '/kapis/monitoring.kubesphere.io/prometheus/api/v1';
const TAGS = ['Prometheus API'];
const FORM = ['application/x-www-form-urlencoded'];
const JSON_TYPE = { 'content-type': 'application/json' };

/** Statuses of Prometheus' HTTP API by the type of an error. */
const STATUS: Readonly<Record<string, number>> = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  canceled: 503,
};

const Answer = Type.Object(
  {
    status: Type.String({ description: 'success or error' }),
    data: Type.Optional(Type.Unknown()),
    errorType: Type.Optional(Type.String()),
    error: Type.Optional(Type.String()),
  },
  { $id: 'prometheus.Answer' },
);

const TIMES = [
  queryText('start', 'start of the range: Unix seconds or RFC 3339'),
  queryText('end', 'end of the range'),
];

const MATCH = queryText('match[]', 'selector of series; may be given several times');

function callOf({ user, query, body, signal }: RouteRequest): PrometheusCall {
  const parameters = new URLSearchParams(query);

  if (body instanceof URLSearchParams) {
    for (const [name, value] of body) {
      parameters.append(name, value);
    }
  }

  return { user, parameters, signal };
}

/** Answers in the form of Prometheus' HTTP API ("Format overview"). */
function answering(
  read: (call: PrometheusCall, request: RouteRequest) => Promise<unknown>,
): Handler {
  return async (request) => {
    try {
      return { status: 'success', data: await read(callOf(request), request) };
    } catch (error) {
      if (!(error instanceof QueryError)) {
        throw error;
      }

      const { type: errorType, message } = error;
      const answer = { status: 'error', errorType, error: message };

      return new RouteReply(STATUS[errorType] ?? 502, JSON_TYPE, `${JSON.stringify(answer)}\n`);
    }
  };
}

/** What Grafana asks for to learn which functions it may use. */
const BUILD = { version: '2.42.0', revision: '', branch: '', buildUser: '', goVersion: '' };

/**
 * The read side of Prometheus' HTTP API, for Grafana and other clients: every caller finds the
 * series of the namespaces that they may read.
 */
export function prometheusApi(api: PrometheusApi): Route[] {
  const both = (path: string, id: string, summary: string, handler: Handler): RouteTuple[] => {
    const parameters =
      path === '/series' || path === '/labels'
        ? [MATCH, ...TIMES]
        : [
            queryText('query', 'expression of PromQL'),
            ...TIMES,
            queryText('step', 'step'),
            queryText('time', 'time'),
          ];
    const options = { returns: Answer, parameters };

    return [
      ['GET', path, id, summary, handler, options],
      ['POST', path, `${id}Form`, summary, handler, { ...options, consumes: FORM }],
    ];
  };

  return routesOf(BASE, TAGS, [
    ...both(
      '/query',
      'PrometheusQuery',
      'Evaluate an expression',
      answering((call) => api.query(call)),
    ),
    ...both(
      '/query_range',
      'PrometheusQueryRange',
      'Evaluate an expression over a range',
      answering((call) => api.queryRange(call)),
    ),
    ...both(
      '/series',
      'PrometheusSeries',
      'Label sets of series',
      answering((call) => api.series(call)),
    ),
    ...both(
      '/labels',
      'PrometheusLabels',
      'Names of labels',
      answering((call) => api.labels(call)),
    ),
    [
      'GET',
      '/label/{label}/values',
      'PrometheusLabelValues',
      'Values of a label',
      answering((call, { params }) => api.labelValues(params.label ?? '', call)),
      { returns: Answer, parameters: [MATCH, ...TIMES] },
    ],
    [
      'GET',
      '/metadata',
      'PrometheusMetadata',
      'Types and help texts of metrics',
      answering((call) => api.metadata(call)),
      { returns: Answer, parameters: [queryText('metric', 'name of one metric')] },
    ],
    [
      'GET',
      '/status/buildinfo',
      'PrometheusBuildInformation',
      'The version of PromQL that is served',
      answering(async () => BUILD),
      { returns: Answer },
    ],
  ]);
}
