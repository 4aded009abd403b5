import type { MetricTemplates } from './metric-templates.ts';

/** Metrics of the cluster's kube-apiserver. */
export const API_SERVER_METRICS: MetricTemplates = {
  apiserver_up_sum: 'apiserver:up:sum',
  apiserver_request_rate: 'apiserver:apiserver_request_total:sum_irate',
  apiserver_request_by_verb_rate: 'apiserver:apiserver_request_total:sum_verb_irate',
  apiserver_request_latencies: 'apiserver:apiserver_request_duration:avg',
  apiserver_request_by_verb_latencies: 'apiserver:apiserver_request_duration:avg_by_verb',
};
