import { rate } from './expressions.ts';
import type { RecordingRule } from './rule.ts';

const QUANTILES = ['0.99', '0.9', '0.5'];

/** Returns a rule for each quantile that the charts show. */
function quantileRules(record: string, buckets: string): RecordingRule[] {
  return QUANTILES.map((quantile) => ({
    record,
    expr: `histogram_quantile(${quantile}, ${buckets})`,
    labels: { quantile },
  }));
}

function apiServerRules(): RecordingRule[] {
  const calls = 'subresource!="log", verb!~"LIST|WATCH|WATCHLIST|PROXY|CONNECT"';
  const duration = (part: string) => rate(`apiserver_request_duration_seconds_${part}{${calls}}`);
  const average = (sum: string) => `${sum} (${duration('sum')}) / ${sum} (${duration('count')})`;

  return [
    { record: 'apiserver:up:sum', expr: 'sum(up{job="apiserver"} == 1)' },
    {
      record: 'apiserver:apiserver_request_total:sum_irate',
      expr: `sum(${rate('apiserver_request_total')})`,
    },
    {
      record: 'apiserver:apiserver_request_total:sum_verb_irate',
      expr: `sum by (verb) (${rate('apiserver_request_total')})`,
    },
    { record: 'apiserver:apiserver_request_duration:avg', expr: average('sum') },
    { record: 'apiserver:apiserver_request_duration:avg_by_verb', expr: average('sum by (verb)') },
  ];
}

function schedulerRules(): RecordingRule[] {
  const job = '{job="kube-scheduler"}';
  const duration = (part: string) => `rate(scheduler_e2e_scheduling_duration_seconds_${part}[1h])`;

  return [
    { record: 'scheduler:up:sum', expr: `sum(up${job} == 1)` },
    {
      record: 'scheduler:scheduler_schedule_attempts:sum',
      expr: `sum by (result) (scheduler_schedule_attempts_total${job})`,
    },
    {
      record: 'scheduler:scheduler_schedule_attempts:sum_rate',
      expr: `sum by (result) (rate(scheduler_schedule_attempts_total${job}[5m]))`,
    },
    {
      record: 'scheduler:scheduler_e2e_scheduling_duration:avg',
      expr: `sum(${duration(`sum${job}`)}) / sum(${duration(`count${job}`)})`,
    },
    ...quantileRules(
      'scheduler:scheduler_e2e_scheduling_duration:histogram_quantile',
      `sum by (le) (${duration(`bucket${job}`)})`,
    ),
  ];
}

/** Returns the sum for each node of etcd's series, whose instance is `address:port`. */
function byEtcdNode(expression: string): string {
  const instances = `sum by (instance) (${expression})`;
  return `sum by (node) (label_replace(${instances}, "node", "$1", "instance", "(.*):.*"))`;
}

function etcdDurationRules(metric: string): RecordingRule[] {
  const part = (name: string) => rate(`${metric}_seconds_${name}{job="etcd"}`);
  const instances = `sum by (instance, le) (${part('bucket')})`;

  return [
    { record: `etcd:${metric}:avg`, expr: byEtcdNode(`${part('sum')} / ${part('count')}`) },
    ...quantileRules(
      `etcd:${metric}:histogram_quantile`,
      `sum by (node, le) (label_replace(${instances}, "node", "$1", "instance", "(.*):.*"))`,
    ),
  ];
}

function etcdRules(): RecordingRule[] {
  const of = (metric: string, matchers = '') => `${metric}{job="etcd"${matchers}}`;
  const unary = ', grpc_type="unary"';

  const expressions = {
    'etcd_server_leader_changes_seen:sum_changes': `changes(${of('etcd_server_leader_changes_seen_total')}[1h])`,
    'etcd_server_proposals_failed:sum_irate': rate(of('etcd_server_proposals_failed_total')),
    'etcd_server_proposals_applied:sum_irate': rate(of('etcd_server_proposals_applied_total')),
    'etcd_server_proposals_committed:sum_irate': rate(of('etcd_server_proposals_committed_total')),
    'etcd_server_proposals_pending:sum': of('etcd_server_proposals_pending'),
    'etcd_debugging_mvcc_db_total_size:sum': of('etcd_debugging_mvcc_db_total_size_in_bytes'),
    'etcd_network_client_grpc_received_bytes:sum_irate': rate(
      of('etcd_network_client_grpc_received_bytes_total'),
    ),
    'etcd_network_client_grpc_sent_bytes:sum_irate': rate(
      of('etcd_network_client_grpc_sent_bytes_total'),
    ),
    'grpc_server_started:sum_irate': rate(of('grpc_server_started_total', unary)),
    'grpc_server_handled:sum_irate': rate(
      of('grpc_server_handled_total', `${unary}, grpc_code!="OK"`),
    ),
    'grpc_server_msg_received:sum_irate': rate(of('grpc_server_msg_received_total')),
    'grpc_server_msg_sent:sum_irate': rate(of('grpc_server_msg_sent_total')),
  };

  return [
    { record: 'etcd:up:sum', expr: 'sum(up{job="etcd"} == 1)' },
    ...Object.entries(expressions).map(([record, expression]) => ({
      record: `etcd:${record}`,
      expr: byEtcdNode(expression),
    })),
    ...etcdDurationRules('etcd_disk_wal_fsync_duration'),
    ...etcdDurationRules('etcd_disk_backend_commit_duration'),
  ];
}

/** Returns the rules of the control plane: API server, scheduler, etcd. */
export function componentRules(): RecordingRule[] {
  return [...apiServerRules(), ...schedulerRules(), ...etcdRules()];
}
