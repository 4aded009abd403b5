import type { MetricTemplates } from './metric-templates.ts';

/** Metrics of the scheduler. */
export const SCHEDULER_METRICS: MetricTemplates = {
  scheduler_up_sum: 'scheduler:up:sum',
  scheduler_schedule_attempts: 'scheduler:scheduler_schedule_attempts:sum',
  scheduler_schedule_attempt_rate: 'scheduler:scheduler_schedule_attempts:sum_rate',
  scheduler_e2e_scheduling_latency: 'scheduler:scheduler_e2e_scheduling_duration:avg',
  scheduler_e2e_scheduling_latency_quantile:
    'scheduler:scheduler_e2e_scheduling_duration:histogram_quantile',
};
