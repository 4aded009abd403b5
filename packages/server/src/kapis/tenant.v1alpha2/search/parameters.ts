import type { Parameter } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { queryText } from '../../parameters.ts';

const whole = (name: string, value: number, description: string): Parameter => ({
  in: 'query',
  name,
  description,
  schema: Type.Integer({ default: value }),
});

const withDefault = (name: string, value: string, description: string): Parameter => ({
  in: 'query',
  name,
  description,
  schema: Type.String({ default: value }),
});

const names = (name: string, what: string) =>
  queryText(name, `${what}, separated by commas: one of them`);

const words = (name: string, what: string) =>
  queryText(name, `parts of ${what}, separated by commas: one of them`);

/** Parameters that the searches of all kinds have; `time` is what they are ordered by. */
function common(operations: string, time: string): Parameter[] {
  return [
    withDefault('operation', 'query', `what is asked: ${operations}`),
    queryText('start_time', `earliest ${time}, in seconds since 1970`),
    queryText('end_time', `latest ${time}, in seconds since 1970`),
    withDefault('interval', '15m', 'length of the intervals of a histogram, such as 15m, 1h or 1d'),
    withDefault('sort', 'desc', `order by ${time}: asc or desc`),
    whole('from', 0, 'of a query: how many results to leave out'),
    whole('size', 10, 'of a query: most results to return'),
  ];
}

const THREE = 'query, statistics or histogram';

/** Parameters of searches of logs. */
export const LOG_PARAMETERS: readonly Parameter[] = [
  ...common(`${THREE}, or export for a file of all lines`, 'time'),
  names('namespaces', 'namespaces'),
  words('namespace_query', 'names of namespaces'),
  names('workloads', 'workloads'),
  words('workload_query', 'names of workloads'),
  names('pods', 'pods'),
  words('pod_query', 'names of pods'),
  names('containers', 'containers'),
  words('container_query', 'names of containers'),
  queryText(
    'log_query',
    'phrases, separated by commas: one of them is in the line, the last word may go on',
  ),
];

/** Parameters of searches of events. */
export const EVENT_PARAMETERS: readonly Parameter[] = [
  ...common(THREE, 'lastTimestamp'),
  names('workspace_filter', 'workspaces'),
  words('workspace_search', 'names of workspaces'),
  names('involved_object_namespace_filter', 'namespaces of the involved object'),
  words('involved_object_namespace_search', 'namespaces of the involved object'),
  names('involved_object_name_filter', 'names of the involved object'),
  words('involved_object_name_search', 'names of the involved object'),
  names('involved_object_kind_filter', 'kinds of the involved object'),
  names('reason_filter', 'reasons'),
  words('reason_search', 'reasons'),
  words('message_search', 'messages'),
  queryText('type_filter', 'type: Normal or Warning'),
];

/** Parameters of searches of audit records. */
export const AUDIT_PARAMETERS: readonly Parameter[] = [
  ...common(THREE, 'RequestReceivedTimestamp'),
  names('workspace_filter', 'workspaces'),
  words('workspace_search', 'names of workspaces'),
  names('objectref_namespace_filter', 'namespaces of the object'),
  words('objectref_namespace_search', 'namespaces of the object'),
  names('objectref_name_filter', 'names of the object'),
  words('objectref_name_search', 'names of the object'),
  names('level_filter', 'levels: Metadata, Request, RequestResponse'),
  names('verb_filter', 'verbs'),
  names('user_filter', 'users'),
  words('user_search', 'names of users'),
  words('group_search', 'groups of the user'),
  words('source_ip_search', 'addresses of the client'),
  names('objectref_resource_filter', 'resources'),
  names('objectref_subresource_filter', 'subresources'),
  names('response_code_filter', 'status codes of the response'),
  names('response_status_filter', 'statuses of the response'),
];
