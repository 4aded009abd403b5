import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import type { CustomMetrics, CustomMetricsCall } from '../../models/monitoring/custom-metrics.ts';

function callOf({ params, query, signal }: RouteRequest): CustomMetricsCall {
  return { namespace: params.namespace, query, signal };
}

/** Handlers of queries about series of applications. */
export function customMetricHandlers(custom: CustomMetrics) {
  return {
    query: (request: RouteRequest) => custom.query(callOf(request)),
    metadata: (request: RouteRequest) => custom.metadata(callOf(request)),
    labelSets: (request: RouteRequest) => custom.labelSets(callOf(request)),
  };
}
