import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import {
  isWhole,
  type KubeBody,
  type KubeRequest,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/client/kube/transport';
import { frames } from '@ks-apiserver/client/kube/watch-frames';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether a call to the Kubernetes API is about User objects, which hold password hashes. */
export function isAboutUsers({ isKubernetes, group, resource }: RequestInfo): boolean {
  return isKubernetes && group === 'iam.kubesphere.io' && resource === 'users';
}

/** The same call for an answer that can be looked through: JSON, not compressed. Tables and metadata alone stay what they are. */
export function asReadable(request: KubeRequest): KubeRequest {
  const { 'accept-encoding': _encoding, accept = '', ...headers } = request.headers;
  const json = accept.split(',').filter((part) => /^\s*application\/json\s*(;|$)/i.test(part));
  return { ...request, headers: { ...headers, accept: json.length > 0 ? json.join(',') : 'application/json' } };
}

type Value = { [field: string]: unknown } | undefined;

/** An object, list or Table of users, or metadata of one, without passwords and copies of them. */
function redacted(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  const result: { [field: string]: unknown } = { ...value };
  if (Array.isArray(value.items)) result.items = value.items.map(redacted);
  if (Array.isArray(value.rows))
    result.rows = value.rows.map((row: { object?: Value }) => ({ ...row, object: redacted(row.object) }));
  // One event alone is what a short watch of one object amounts to.
  if (value.object !== undefined) result.object = redacted(value.object as Value);
  const { annotations } = (value.metadata ?? {}) as { annotations?: Record<string, string> };
  if (annotations && LAST_APPLIED in annotations) {
    const { [LAST_APPLIED]: _copy, ...rest } = annotations;
    result.metadata = { ...(value.metadata as object), annotations: rest };
  }
  if (typeof value.spec === 'object' && value.spec !== null) {
    const { password: _password, ...spec } = value.spec as { password?: unknown };
    result.spec = spec;
  }
  return result;
}

/** The events of a watch without passwords, one line of JSON each, without its line end. */
export async function* redactedEvents(body: KubeBody): AsyncGenerator<string> {
  for await (const { type, object } of frames(body)) {
    yield JSON.stringify({ type, object: redacted(JSON.parse(object.toString())) });
  }
}

async function* lines(events: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const event of events) yield Buffer.from(`${event}\n`);
}

/** The answer to a call about users without passwords. `watches` tells that a good answer is a stream of events. */
export async function withoutPasswords(response: KubeResponse, watches: boolean): Promise<KubeResponse> {
  const { 'content-length': _length, 'content-encoding': encoding, ...headers } = response.headers;
  if (encoding !== undefined && encoding !== 'identity')
    throw internalError('the Kubernetes API sent users in an encoding that nobody asked for');
  if (watches && response.status === 200) return { ...response, headers, body: lines(redactedEvents(response.body)) };
  const bytes = await readBody(response.body);
  if (bytes.byteLength === 0) return { ...response, headers, body: bytes };
  try {
    return { ...response, headers, body: Buffer.from(JSON.stringify(redacted(JSON.parse(bytes.toString())))) };
  } catch (error) {
    if (response.status >= 400 && isWhole(bytes) && !bytes.includes('$2')) return { ...response, headers, body: bytes };
    throw internalError('the Kubernetes API sent users in a form other than JSON', error);
  }
}
