import type { MetricQueries } from '@ks-apiserver/promql/query-api';

/** Where metrics are read, and what closes it. */
export interface MetricSource {
  queries: MetricQueries;
  close(): Promise<void>;
}
