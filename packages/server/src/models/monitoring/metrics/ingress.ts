import type { MetricTemplates } from './metric-templates.ts';

const REQUESTS = 'nginx_ingress_controller_requests';
const DURATION = 'nginx_ingress_controller_request_duration_seconds';
const PROCESS = 'nginx_ingress_controller_nginx_process';

function quantile(q: number): string {
  return `histogram_quantile(${q}, sum by (le) (rate(${DURATION}_bucket{$ingresses,$jobs}[$window])))`;
}

/**
 * Metrics of ingresses (KubeSphere 3.2); `$ingresses` selects them, `$jobs` the controller, and
 * `$window` is the range that rates look back.
 */
export const INGRESS_METRICS: MetricTemplates = {
  ingress_request_count: `round(sum(increase(${REQUESTS}{$ingresses,$jobs}[$window])))`,
  ingress_request_4xx_count: `
    round(sum(increase(${REQUESTS}{$ingresses,$jobs,status=~"[4].*"}[$window])))`,
  ingress_request_5xx_count: `
    round(sum(increase(${REQUESTS}{$ingresses,$jobs,status=~"[5].*"}[$window])))`,
  ingress_active_connections: `
    sum(avg_over_time(${PROCESS}_connections{$jobs,state="active"}[$window]))`,
  ingress_success_rate: `
    sum(rate(${REQUESTS}{$ingresses,$jobs,status!~"[4-5].*"}[$window]))
    / sum(rate(${REQUESTS}{$ingresses,$jobs}[$window]))`,
  ingress_request_duration_average: `
    sum(rate(${DURATION}_sum{$ingresses,$jobs}[$window]))
    / sum(rate(${DURATION}_count{$ingresses,$jobs}[$window]))`,
  ingress_request_duration_50percentage: quantile(0.5),
  ingress_request_duration_95percentage: quantile(0.95),
  ingress_request_duration_99percentage: quantile(0.99),
  ingress_request_volume: `round(sum(irate(${REQUESTS}{$ingresses,$jobs}[$window])), 0.001)`,
  ingress_request_volume_by_ingress: `
    round(sum(irate(${REQUESTS}{$ingresses,$jobs}[$window])) by (ingress), 0.001)`,
  ingress_request_network_sent: `
    sum(irate(nginx_ingress_controller_response_size_sum{$ingresses,$jobs}[$window]))`,
  ingress_request_network_received: `
    sum(irate(nginx_ingress_controller_request_size_sum{$ingresses,$jobs}[$window]))`,
  ingress_request_memory_bytes: `avg(${PROCESS}_resident_memory_bytes{$jobs})`,
  ingress_request_cpu_usage: `avg(rate(${PROCESS}_cpu_seconds_total{$jobs}[5m]))`,
};
