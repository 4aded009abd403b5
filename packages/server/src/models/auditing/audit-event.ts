import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { AuditLevel } from './audit-level.ts';

/** What an audit record tells of a user. */
interface AuditedUser {
  Username: string;
  UID: string;
  Groups: readonly string[] | null;
  Extra: Readonly<Record<string, readonly string[]>> | null;
}

/** What a call was about. */
interface ObjectReference {
  Resource: string;
  Namespace: string;
  Name: string;
  UID: string;
  APIGroup: string;
  APIVersion: string;
  ResourceVersion: string;
  Subresource: string;
}

/**
 * One audit record, with the field names under which KubeSphere stores and searches them (Go names
 * of Kubernetes' audit.Event, besides those of KubeSphere).
 */
export interface AuditEvent {
  Devops: string;
  Workspace: string;
  Cluster: string;
  Message: string;
  Level: AuditLevel;
  AuditID: string;
  Stage: 'ResponseComplete';
  RequestURI: string;
  Verb: string;
  User: AuditedUser;
  ImpersonatedUser: AuditedUser | null;
  SourceIPs: readonly string[];
  UserAgent: string;
  ObjectRef: ObjectReference | null;
  ResponseStatus: { metadata: Record<string, never>; code: number };
  RequestObject: unknown;
  ResponseObject: unknown;
  RequestReceivedTimestamp: string;
  StageTimestamp: string;
  Annotations: Readonly<Record<string, string>> | null;
}

/** A call that is over, and what the record tells of it. */
export interface FinishedCall {
  id: string;
  level: AuditLevel;
  info: RequestInfo;
  user: UserInfo;
  /** The user who acts as `user`, where that is another one. */
  impersonator?: UserInfo | undefined;
  sourceIP: string;
  userAgent: string;
  receivedAt: Date;
  status: number;
  /** Bodies without secrets; undefined where they are not recorded. */
  requestObject: unknown;
  responseObject: unknown;
  annotations: Readonly<Record<string, string>>;
}

function auditedUser({ name, uid = '', groups, extra }: UserInfo): AuditedUser {
  return { Username: name, UID: uid, Groups: groups, Extra: extra ?? null };
}

/** The name of the object that a body describes: that of a created one is not in its path. */
function nameInBody(body: unknown): string {
  const name = (body as { metadata?: { name?: unknown } } | null | undefined)?.metadata?.name;
  return typeof name === 'string' ? name : '';
}

function objectReference({ info, requestObject, responseObject }: FinishedCall): ObjectReference {
  const created =
    info.verb === 'create' ? nameInBody(requestObject) || nameInBody(responseObject) : '';

  return {
    Resource: info.resource,
    Namespace: info.namespace,
    Name: created || info.name,
    UID: '',
    APIGroup: info.group,
    APIVersion: info.version,
    ResourceVersion: '',
    Subresource: info.subresource,
  };
}

/** Returns the record of a call. */
export function auditEvent(call: FinishedCall): AuditEvent {
  const { id, level, info, user, impersonator, annotations } = call;
  const bodies = level === 'Metadata' ? undefined : call;

  return {
    Devops: info.devops,
    Workspace: info.workspace,
    Cluster: info.cluster,
    Message: '',
    Level: level,
    AuditID: id,
    Stage: 'ResponseComplete',
    RequestURI: info.path,
    Verb: info.verb,
    User: auditedUser(impersonator ?? user),
    ImpersonatedUser: impersonator ? auditedUser(user) : null,
    SourceIPs: [call.sourceIP],
    UserAgent: call.userAgent,
    ObjectRef: info.isResource ? objectReference(call) : null,
    ResponseStatus: { metadata: {}, code: call.status },
    RequestObject: bodies?.requestObject ?? null,
    ResponseObject: bodies?.responseObject ?? null,
    RequestReceivedTimestamp: call.receivedAt.toISOString(),
    StageTimestamp: new Date().toISOString(),
    Annotations: Object.keys(annotations).length > 0 ? annotations : null,
  };
}
