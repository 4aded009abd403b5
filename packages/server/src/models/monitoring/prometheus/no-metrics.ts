import { type MetricQueries, QueryError } from '@ks-apiserver/promql/query-api';

const refuse = () =>
  Promise.reject(
    new QueryError(
      'unavailable',
      'this server has no metrics: configure monitoring.endpoint, or turn monitoring.embedded on',
    ),
  );

/** Answers where metrics are neither kept here nor read from a Prometheus API. */
export const NO_METRICS: MetricQueries = {
  query: refuse,
  queryRange: refuse,
  series: refuse,
  labels: refuse,
  labelValues: refuse,
  targetMetadata: refuse,
};
