import type { Field } from '@ks-apiserver/search/query/documents';
import { AUDIT_FIELDS, EVENT_FIELDS, LOG_FIELDS } from '@ks-apiserver/search/query/documents';
import type { ConditionOf } from './search-parameters.ts';

const phrase =
  (field: Field): ConditionOf =>
  (value) => ({ match: 'phrase', field, value });

const prefix =
  (field: Field): ConditionOf =>
  (value) => ({ match: 'phrase-prefix', field, value });

const contains =
  (field: Field): ConditionOf =>
  (value) => ({ match: 'wildcard', field, pattern: `*${value}*` });

const podOf =
  (field: Field): ConditionOf =>
  (workload) => ({ match: 'pod-of', field, workload });

/** Values that are no whole numbers are skipped. */
const whole =
  (field: Field): ConditionOf =>
  (value) =>
    /^[+-]?\d{1,15}$/.test(value) ? { match: 'number', field, value: Number(value) } : undefined;

/** Conditions of log lines by parameter; namespaces are scopes. */
export const LOG_CONDITIONS: Readonly<Record<string, ConditionOf>> = {
  workloads: podOf(LOG_FIELDS.pod),
  workload_query: prefix(LOG_FIELDS.podText),
  pods: phrase(LOG_FIELDS.pod),
  pod_query: prefix(LOG_FIELDS.podText),
  containers: phrase(LOG_FIELDS.container),
  container_query: prefix(LOG_FIELDS.containerText),
  log_query: prefix(LOG_FIELDS.log),
};

/** Conditions of events by parameter; namespaces are scopes, and a type is one value. */
export const EVENT_CONDITIONS: Readonly<Record<string, ConditionOf>> = {
  involved_object_name_filter: phrase(EVENT_FIELDS.name),
  involved_object_name_search: prefix(EVENT_FIELDS.nameText),
  involved_object_kind_filter: phrase(EVENT_FIELDS.kind),
  reason_filter: phrase(EVENT_FIELDS.reason),
  reason_search: contains(EVENT_FIELDS.reason),
  message_search: prefix(EVENT_FIELDS.message),
};

/** Conditions of audit records by parameter; namespaces and workspaces are scopes as well. */
export const AUDIT_CONDITIONS: Readonly<Record<string, ConditionOf>> = {
  workspace_filter: phrase(AUDIT_FIELDS.workspace),
  workspace_search: contains(AUDIT_FIELDS.workspace),
  objectref_namespace_filter: phrase(AUDIT_FIELDS.namespace),
  objectref_namespace_search: contains(AUDIT_FIELDS.namespace),
  objectref_name_filter: phrase(AUDIT_FIELDS.name),
  objectref_name_search: contains(AUDIT_FIELDS.name),
  level_filter: phrase(AUDIT_FIELDS.level),
  verb_filter: phrase(AUDIT_FIELDS.verb),
  user_filter: phrase(AUDIT_FIELDS.user),
  user_search: contains(AUDIT_FIELDS.user),
  group_search: contains(AUDIT_FIELDS.group),
  source_ip_search: contains(AUDIT_FIELDS.sourceIP),
  objectref_resource_filter: prefix(AUDIT_FIELDS.resource),
  objectref_subresource_filter: prefix(AUDIT_FIELDS.subresource),
  response_code_filter: whole(AUDIT_FIELDS.code),
  response_status_filter: phrase(AUDIT_FIELDS.status),
};
