import { randomUUID } from 'node:crypto';
import { USERS } from '@ks-apiserver/api/resources';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { LoginAttempt } from '../iam/login/login-records.ts';
import { auditEvent } from './audit-event.ts';
import { type AuditLevel, reaches } from './audit-level.ts';
import { type AuditPolicy, isRead } from './audit-policy.ts';
import type { AuditQueue } from './audit-queue.ts';
import { AuditedBody, type BodyHeaders } from './audited-body.ts';

/** A call when it begins. */
export interface AuditedRequest {
  info: RequestInfo;
  /** Query with its question mark, or empty. */
  query: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  sourceIP: string;
}

/** A call when it is over. */
export interface AuditedEnd {
  user: UserInfo;
  impersonator?: UserInfo;
  status: number;
  /** Headers of the answer's body, where it was collected. */
  response?: BodyHeaders;
}

/** About the size of a record without bodies, in bytes. */
const RECORD_BYTES = 1024;
const USER_AGENT_LIMIT = 512;

/** Bodies of these paths are credentials. */
const UNRECORDED_BODIES = /^\/oauth(\/|$)|\/(kubeconfig|apitokens?|totp)(\/|$)/;

function headerOf({ headers }: AuditedRequest, name: string): string {
  return String(headers[name] ?? '').toLowerCase();
}

/** A call that is being recorded. */
export class AuditedCall {
  readonly level: AuditLevel;
  /** Collects the body of the request; undefined where it is not needed. */
  readonly requestBody: AuditedBody | undefined;
  /** Collects the body of the answer; undefined where it is not recorded. */
  readonly responseBody: AuditedBody | undefined;
  readonly #request: AuditedRequest;
  readonly #queues: readonly AuditQueue[];
  readonly #receivedAt = new Date();

  constructor(request: AuditedRequest, level: AuditLevel, queues: readonly AuditQueue[]) {
    const { info } = request;
    const mayHold = !UNRECORDED_BODIES.test(info.path) && info.subresource !== 'proxy';

    this.#request = request;
    this.#queues = queues;
    this.level = level;

    // The name of a created object is in its body.
    if (mayHold && (reaches(level, 'Request') || info.verb === 'create')) {
      this.requestBody = new AuditedBody();
    }
    if (mayHold && reaches(level, 'RequestResponse') && info.verb !== 'watch') {
      this.responseBody = new AuditedBody();
    }
  }

  /** Hands the record over; resolves when it is kept, or was dropped. */
  async finish(end: AuditedEnd): Promise<void> {
    const { info } = this.#request;
    const { requestBody, responseBody } = this;

    if (!requestBody?.size && !responseBody?.size) {
      return this.#handOver(end, undefined, undefined);
    }

    const [requestObject, responseObject] = await Promise.all([
      requestBody?.valueFor(info, {
        type: headerOf(this.#request, 'content-type') || 'application/json',
        encoding: headerOf(this.#request, 'content-encoding'),
      }),
      end.response && responseBody?.valueFor(info, end.response),
    ]);

    return this.#handOver(end, requestObject, responseObject);
  }

  async #handOver(
    { user, impersonator, status }: AuditedEnd,
    requestObject: unknown,
    responseObject: unknown,
  ): Promise<void> {
    const event = auditEvent({
      id: randomUUID(),
      level: this.level,
      info: this.#request.info,
      user,
      impersonator,
      sourceIP: this.#request.sourceIP,
      userAgent: String(this.#request.headers['user-agent'] ?? '').slice(0, USER_AGENT_LIMIT),
      receivedAt: this.#receivedAt,
      status,
      requestObject,
      responseObject,
      annotations: this.#annotations(),
    });

    const bytes = RECORD_BYTES + (this.requestBody?.size ?? 0) + (this.responseBody?.size ?? 0);

    await Promise.all(this.#queues.map((queue) => queue.add(event, bytes)));
  }

  /** Tells which bodies are missing because of their size. */
  #annotations(): Record<string, string> {
    const left: Record<string, string> = {};

    if (this.requestBody?.isTooLarge && reaches(this.level, 'Request')) {
      left['auditing.kubesphere.io/request-object'] = 'too large to be recorded';
    }
    if (this.responseBody?.isTooLarge) {
      left['auditing.kubesphere.io/response-object'] = 'too large to be recorded';
    }

    return left;
  }
}

/** Records calls from all doors. */
export class Auditor {
  readonly #policy: AuditPolicy;
  readonly #queues: readonly AuditQueue[];
  /** Whether answers to writes wait until their records at level Request and above are kept. */
  readonly isBlocking: boolean;

  constructor(
    policy: AuditPolicy,
    queues: readonly AuditQueue[],
    { isBlocking }: { isBlocking: boolean },
  ) {
    this.#policy = policy;
    this.#queues = queues;
    this.isBlocking = isBlocking;
  }

  /** Reports whether a call may be recorded: most are not, which is found out at once. */
  mayRecord(info: RequestInfo): boolean {
    return this.#queues.length > 0 && !this.#policy.omits(info);
  }

  /** Begins to record a call; undefined for one that is not recorded. */
  begin(request: AuditedRequest): AuditedCall | undefined {
    if (!this.mayRecord(request.info)) {
      return undefined;
    }

    const level = this.#policy.levelOf(request.info, request.query);

    return level === 'None' ? undefined : new AuditedCall(request, level, this.#queues);
  }

  /** Reports whether the answer to a call has to wait for its record. */
  holds(call: AuditedCall, { info }: Pick<AuditedRequest, 'info'>): boolean {
    return this.isBlocking && reaches(call.level, 'Request') && !isRead(info);
  }

  /** Records that somebody logged in or failed to, under the verb `login`. */
  login({ user, source, success, reason }: LoginAttempt): void {
    const info: RequestInfo = {
      ...NO_REQUEST,
      isResource: true,
      path: '/oauth/token',
      verb: 'login',
      group: USERS.group,
      version: USERS.version,
      resource: USERS.resource,
      name: user,
    };

    const level = this.#policy.levelOf(info, '');
    if (level === 'None') {
      return;
    }

    const event = auditEvent({
      id: randomUUID(),
      level,
      info,
      user: { name: user, groups: [] },
      sourceIP: source.sourceIP,
      userAgent: source.userAgent.slice(0, USER_AGENT_LIMIT),
      receivedAt: new Date(),
      status: success ? 200 : 401,
      requestObject: undefined,
      responseObject: undefined,
      annotations: { 'auditing.kubesphere.io/reason': reason },
    });

    for (const queue of this.#queues) {
      void queue.add(event, RECORD_BYTES);
    }
  }

  /** Waits a time in milliseconds for records that are on their way, and stops. */
  async close(ms: number): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.flush(ms)));

    for (const queue of this.#queues) {
      queue.stop();
    }
  }
}
