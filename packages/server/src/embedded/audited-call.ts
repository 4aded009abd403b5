import { toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  isWhole,
  type KubeBody,
  type KubeRequest,
  type KubeResponse,
  type UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { CallOrigin } from '@ks-apiserver/kubernetes/server/listen';
import type { AuditedBody } from '../models/auditing/audited-body.ts';
import type {
  AuditedCall,
  AuditedEnd,
  AuditedRequest,
  Auditor,
} from '../models/auditing/auditor.ts';

/** A call at the secure port. */
export interface SecureCall {
  request: KubeRequest;
  info: RequestInfo;
  user: UserInfo;
  origin: CallOrigin;
}

/** Yields a body and shows its pieces; calls back when it has been read, or will not be. */
async function* shown(
  body: KubeBody,
  seen: AuditedBody | undefined,
  over: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of isWhole(body) ? [body] : body) {
      seen?.add(piece);
      yield piece;
    }
  } finally {
    over();
  }
}

/** Returns a call whose body is shown to its record. */
function observed(request: KubeRequest, { requestBody }: AuditedCall): KubeRequest {
  return request.body === undefined || !requestBody
    ? request
    : { ...request, body: shown(request.body, requestBody, () => {}) };
}

function headersOf({ headers }: KubeResponse): NonNullable<AuditedEnd['response']> {
  return {
    type: String(headers['content-type'] ?? ''),
    encoding: String(headers['content-encoding'] ?? ''),
  };
}

function askedFor({ request, info, origin }: SecureCall): AuditedRequest {
  const mark = request.url.indexOf('?');
  const query = mark < 0 ? '' : request.url.slice(mark);

  return { info, query, headers: request.headers, sourceIP: origin.address };
}

/** Records a call that was refused, or upgraded. */
export function recordCall(auditor: Auditor, call: SecureCall, status: number): void {
  void auditor.begin(askedFor(call))?.finish({ user: call.user, status });
}

/** Handles a call at the secure port and records it, with its answer where that is recorded. */
export async function auditedCall(
  auditor: Auditor,
  call: SecureCall,
  handle: (request: KubeRequest) => Promise<KubeResponse>,
): Promise<KubeResponse> {
  const { request, user, origin } = call;
  const asked = askedFor(call);
  const record = auditor.begin(asked);
  if (!record) {
    return handle(request);
  }

  const finish = (end: Pick<AuditedEnd, 'status' | 'response'>) =>
    record.finish({
      user,
      ...(origin.impersonator && { impersonator: origin.impersonator }),
      ...end,
    });

  let response: KubeResponse;

  try {
    response = await handle(observed(request, record));
  } catch (error) {
    void finish({ status: toStatusError(error).code });
    throw error;
  }

  const { status, body } = response;
  const end = { status, response: headersOf(response) };
  if (isWhole(body)) {
    record.responseBody?.add(body);
  }

  if (isWhole(body) || auditor.holds(record, asked)) {
    const kept = finish(end);
    await (auditor.holds(record, asked) ? kept : undefined);

    return response;
  }

  return { ...response, body: shown(body, record.responseBody, () => void finish(end)) };
}
