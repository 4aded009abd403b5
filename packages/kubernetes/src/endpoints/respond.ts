import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import {
  notAcceptable,
  type StatusError,
  toStatusError,
} from '@ks-apiserver/apimachinery/meta/errors';
import {
  apiVersionOf,
  type GroupVersionKind,
  type KubeObject,
} from '@ks-apiserver/apimachinery/meta/types';
import {
  isWhole,
  type KubeRequest,
  type KubeResponse,
} from '@ks-apiserver/apimachinery/transport/transport';
import { LARGE_BYTES, yieldBetweenLargeSteps } from '../registry/store/large-work.ts';
import {
  isConverted,
  prepareObjects,
  presentBytes,
  presentObject,
} from '../registry/store/present.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import type { Call } from './call.ts';
import { type Form, negotiate, PRODUCED } from './codec/negotiate.ts';
import { yamlPieces } from './codec/yaml-writer.ts';
import { partialObject, tableOf } from './list/meta-forms.ts';

const compress = promisify(gzip);

/** Smaller responses are not compressed (kube-apiserver's defaultGzipThresholdBytes). */
const GZIP_THRESHOLD = 128 * 1024;
const MAX_WARNING_BYTES = 4 * 1024;

/** A response with a value as JSON. */
export function jsonResponse(value: unknown, status = 200): KubeResponse {
  return rawJson(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), status);
}

/** A response with JSON that exists already. */
export function rawJson(body: KubeResponse['body'], status = 200): KubeResponse {
  return { status, headers: { 'content-type': 'application/json' }, body };
}

/** A plain-text response. */
export function textResponse(text: string, status = 200): KubeResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: Buffer.from(text),
  };
}

/** The response to a call that failed: a Status. */
export function errorResponse(error: unknown): KubeResponse {
  const status: StatusError = toStatusError(error);
  const response = jsonResponse(status.status(), status.code);
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) {
    return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfter) } };
  }

  return response;
}

/** A response with YAML. */
export function rawYaml(body: KubeResponse['body'], status = 200): KubeResponse {
  return { status, headers: { 'content-type': 'application/yaml' }, body };
}

/** A response in JSON or YAML, as the client accepts; large YAML is written while it is sent. */
export function encodeResponse(form: Form, body: Buffer, status: number): KubeResponse {
  if (form.encoding === 'json') {
    return rawJson(body, status);
  }
  if (body.byteLength > LARGE_BYTES) {
    return rawYaml(largeYaml(body), status);
  }

  return rawYaml(Buffer.from([...yamlPieces(JSON.parse(body.toString('utf8')))].join('')), status);
}

async function* largeYaml(json: Buffer): AsyncGenerator<Buffer> {
  await yieldBetweenLargeSteps();

  const value: unknown = JSON.parse(json.toString('utf8'));
  for (const piece of yamlPieces(value)) {
    await yieldBetweenLargeSteps();
    yield Buffer.from(piece);
  }
}

/** A response with one stored object, in the form that the client accepts. */
export function objectResponse(
  call: Call,
  object: StoredObject,
  status = 200,
): Awaitable<KubeResponse> {
  if (!isConverted(call.type)) {
    return encodeStoredObject(call, object, status);
  }
  return prepareObjects(call.type, [object]).then(() => encodeStoredObject(call, object, status));
}

function encodeStoredObject(call: Call, object: StoredObject, status: number): KubeResponse {
  const form = negotiate(call.request.headers.accept, { type: call.type, as: 'object' });
  if (form.as === 'Table') {
    const includeObject = call.query.get('includeObject') ?? 'Metadata';
    const table = tableOf(call.type, presentObject(call.type, object), form, includeObject, {
      resourceVersion: presentObject(call.type, object).metadata.resourceVersion ?? '',
    });

    return encodeResponse(form, Buffer.from(JSON.stringify(table)), status);
  }

  if (form.as !== 'object') {
    const partial = partialObject(presentObject(call.type, object), form);
    return encodeResponse(form, Buffer.from(JSON.stringify(partial)), status);
  }

  return encodeResponse(form, presentBytes(call.type, object), status);
}

/**
 * A response with an object that is not stored, such as a review or a Scale; throws a StatusError
 * 406 for a Table of a kind that has none.
 */
export function virtualResponse(
  call: Call,
  kind: { group: string; version: string; kind: string },
  object: Omit<KubeObject, 'kind' | 'apiVersion'>,
  status = 200,
): KubeResponse {
  const form = virtualNegotiation(call, kind);
  const whole = { kind: kind.kind, apiVersion: apiVersionOf(kind), ...object } as KubeObject;
  return encodeResponse(
    form,
    Buffer.from(JSON.stringify(virtualForm(call, kind, whole, form))),
    status,
  );
}

/** Of the objects that are not stored, only the Scale has a table. */
function virtualNegotiation(call: Call, { kind }: GroupVersionKind): Form {
  const { accept } = call.request.headers;
  const form = negotiate(accept, { type: call.type, as: 'object' });
  if (form.as !== 'Table' || kind === 'Scale') {
    return form;
  }

  const others = (accept ?? '').split(',').filter((range) => !/;\s*as=Table\b/.test(range));
  if (others.length === 0) {
    throw notAcceptable(PRODUCED);
  }

  return negotiate(others.join(','), { type: call.type, as: 'object' });
}

function virtualForm(call: Call, kind: GroupVersionKind, object: KubeObject, form: Form): object {
  if (form.as === 'object') {
    return object;
  }
  if (form.as !== 'Table') {
    return partialObject(object, form);
  }

  const { resourceVersion = '' } = object.metadata;
  const type = { ...call.type, ...kind };

  delete type.custom;

  return tableOf(type, object, form, call.query.get('includeObject') ?? 'Metadata', {
    resourceVersion,
  });
}

/** Adds Warning headers (RFC 9111 section 5.5 as Kubernetes uses it, code 299). */
export function withWarnings(response: KubeResponse, warnings: readonly string[]): KubeResponse {
  if (warnings.length === 0) {
    return response;
  }

  let size = 0;
  const headers: string[] = [];

  for (const warning of new Set(warnings)) {
    const clean = warning.replace(/[^\x20-\x7e]/g, ' ').replace(/["\\]/g, '\\$&');
    size += clean.length;
    if (size > MAX_WARNING_BYTES) {
      break;
    }

    headers.push(`299 - "${clean}"`);
  }

  return { ...response, headers: { ...response.headers, warning: headers } };
}

/** Whether the client accepts gzip (RFC 9110, 12.5.3). */
export function takesGzip({ headers }: KubeRequest): boolean {
  return /\bgzip\b/.test(headers['accept-encoding'] ?? '');
}

/** Compresses a large response that is not streamed, where the client accepts gzip. */
export async function compressResponse(
  request: KubeRequest,
  response: KubeResponse,
): Promise<KubeResponse> {
  if (!takesGzip(request)) {
    return response;
  }
  if (!isWhole(response.body) || response.body.byteLength < GZIP_THRESHOLD) {
    return response;
  }

  const body = await compress(response.body, { level: 1 });

  return {
    ...response,
    headers: { ...response.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body,
  };
}
