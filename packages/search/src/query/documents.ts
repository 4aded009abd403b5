/** What is stored: lines of containers' logs, Kubernetes events, audit records. */
export type DocumentKind = 'logs' | 'events' | 'auditing';

/**
 * A field of stored documents, by its path in them. A `text` is a sequence of words, compared
 * without regard to case; a `keyword` is compared as a whole.
 */
export interface Field {
  readonly path: string;
  readonly type: 'text' | 'keyword' | 'number';
}

/** What a backend has to know of a kind of documents. */
export interface DocumentType {
  readonly kind: DocumentKind;
  /** Path of the time by which documents are ordered. */
  readonly time: string;
  /** Field of which statistics count the different values. */
  readonly counted: Field;
}

const text = (path: string): Field => ({ path, type: 'text' });
const keyword = (path: string): Field => ({ path, type: 'keyword' });
const number = (path: string): Field => ({ path, type: 'number' });

/** Fields of log lines, as Fluent Bit's Kubernetes filter writes them. */
export const LOG_FIELDS = {
  namespace: keyword('kubernetes.namespace_name'),
  pod: keyword('kubernetes.pod_name'),
  podText: text('kubernetes.pod_name'),
  container: keyword('kubernetes.container_name'),
  containerText: text('kubernetes.container_name'),
  log: text('log'),
} as const;

/** Fields of core/v1 Events. */
export const EVENT_FIELDS = {
  namespace: keyword('involvedObject.namespace'),
  name: keyword('involvedObject.name'),
  nameText: text('involvedObject.name'),
  kind: text('involvedObject.kind'),
  reason: text('reason'),
  message: text('message'),
  type: text('type'),
} as const;

/** Fields of KubeSphere's audit records. */
export const AUDIT_FIELDS = {
  workspace: keyword('Workspace'),
  namespace: keyword('ObjectRef.Namespace'),
  name: keyword('ObjectRef.Name'),
  resource: keyword('ObjectRef.Resource'),
  subresource: keyword('ObjectRef.Subresource'),
  level: keyword('Level'),
  verb: keyword('Verb'),
  user: keyword('User.Username'),
  group: keyword('User.Groups'),
  sourceIP: keyword('SourceIPs'),
  code: number('ResponseStatus.code'),
  status: text('ResponseStatus.status'),
} as const;

/** The kinds of documents. */
export const DOCUMENT_TYPES: Readonly<Record<DocumentKind, DocumentType>> = {
  logs: { kind: 'logs', time: 'time', counted: keyword('kubernetes.docker_id') },
  events: { kind: 'events', time: 'lastTimestamp', counted: keyword('involvedObject.uid') },
  auditing: { kind: 'auditing', time: 'RequestReceivedTimestamp', counted: keyword('AuditID') },
};
