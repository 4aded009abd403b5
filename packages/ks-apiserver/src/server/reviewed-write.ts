import type { IncomingMessage } from 'node:http';
import { badRequest, internalError, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import { BODY_LIMIT, mediaType, readRequestBody } from '@ks-apiserver/apiserver/routes/body';
import { errorFrom, PATCH_TYPES } from '@ks-apiserver/client/kube/client';
import { type KubeRequest, type KubeResponse, type KubeTransport, readBody } from '@ks-apiserver/client/kube/transport';
import { parse } from 'yaml';

const ATTEMPTS = 5;
/** Largest object that is reviewed, in bytes: etcd keeps less. */
const OBJECT_LIMIT = 16 * 1024 * 1024;

/**
 * Looks at what a write would store; `stored` is what it replaces. Throws to refuse it. Answers another object to have
 * that one stored instead, or nothing.
 */
export type Review = (
  stored: KubeObject | undefined,
  wished: KubeObject,
) => KubeObject | undefined | Promise<KubeObject | undefined>;

/** A write as it came. */
export interface Write {
  req: IncomingMessage;
  info: RequestInfo;
  /** As it would be proxied; its body is not read. */
  request: KubeRequest;
}

function withDryRun(url: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('dryRun', 'All');
  return `${path}?${parameters}`;
}

/** The object's own path: without query and subresource. */
function objectPath({ url }: KubeRequest, { subresource }: RequestInfo): string {
  const path = url.split('?', 1)[0]!.replace(/\/+$/, '');
  return subresource === '' ? path : path.slice(0, path.lastIndexOf('/'));
}

/** An applied configuration that is valid for one version of the object only. */
function pinned(body: Buffer, resourceVersion: string | undefined): Buffer {
  let config: unknown;
  try {
    config = parse(body.toString(), { maxAliasCount: 0 });
  } catch (error) {
    throw badRequest(`the applied configuration is no YAML: ${(error as Error).message}`);
  }
  const { metadata } = (config ?? {}) as { metadata?: object };
  if (typeof metadata !== 'object' || metadata === null) throw badRequest('the applied configuration has no metadata');
  return Buffer.from(
    JSON.stringify({ ...(config as object), metadata: { ...metadata, ...(resourceVersion && { resourceVersion }) } }),
  );
}

function parsed(bytes: Buffer): KubeObject {
  try {
    return JSON.parse(bytes.toString()) as KubeObject;
  } catch (error) {
    throw internalError('the Kubernetes API answered with no JSON', error);
  }
}

/**
 * Makes a write after a review. The Kubernetes API itself says by a dry run what would be stored, so that a review sees
 * what every patch and encoding amounts to; that very object is then written, at the version that was looked at.
 * Throws what the review throws, and 413 for a body of more than 3 MB.
 */
export async function reviewedWrite(kubernetes: KubeTransport, write: Write, review: Review): Promise<KubeResponse> {
  const { req, info, request } = write;
  const body = await readRequestBody(req, BODY_LIMIT);
  const {
    'content-length': _length,
    'content-encoding': _encoding,
    'accept-encoding': _accepted,
    ...headers
  } = request.headers;
  const asJson = { ...headers, accept: 'application/json' };
  const path = objectPath(request, info);
  const applies = request.method === 'PATCH' && mediaType(req) === PATCH_TYPES.apply;
  const send = async (
    method: string,
    url: string,
    own: Record<string, string>,
    bytes?: Buffer,
  ): Promise<KubeResponse & { body: Buffer }> => {
    const response = await kubernetes.request({
      method,
      url,
      headers: bytes ? { ...own, 'content-length': String(bytes.byteLength) } : own,
      ...(bytes && { body: bytes }),
      ...(request.signal && { signal: request.signal }),
    });
    return { ...response, body: await readBody(response.body, OBJECT_LIMIT) };
  };
  const find = async (): Promise<KubeObject | undefined> => {
    if (request.method === 'POST') return undefined;
    const found = await send('GET', path, { accept: 'application/json' });
    if (found.status === 404) return undefined;
    if (found.status >= 300) throw errorFrom(found.status, found.body);
    return parsed(found.body);
  };
  for (let attempt = 1; ; attempt += 1) {
    const stored = await find();
    const { resourceVersion } = stored?.metadata ?? {};
    const given = applies ? pinned(body, resourceVersion) : body;
    const dry = await send(request.method, withDryRun(request.url), asJson, given);
    if (dry.status >= 300) return dry;
    const wished = parsed(dry.body);
    const changed = await review(stored, wished);
    let answer: KubeResponse;
    if (!changed && (applies || !stored)) answer = await send(request.method, request.url, headers, given);
    else {
      const object = changed ?? wished;
      const { managedFields: _fields, ...metadata } = object.metadata as Record<string, unknown>;
      if (stored) metadata.resourceVersion = resourceVersion;
      else for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'generation']) delete metadata[field];
      const [method, url] = stored ? ['PUT', request.url] : ['POST', collectionUrl(write, path)];
      const bytes = Buffer.from(JSON.stringify({ ...object, metadata }));
      answer = await send(method!, url!, { ...headers, 'content-type': 'application/json' }, bytes);
    }
    // Somebody else was quicker: what is there now has to be looked at.
    if (answer.status !== 409 || !stored || attempt === ATTEMPTS) return answer;
  }
}

/** Where an object is made: a POST's own URL; a PUT or apply that makes one names it in its last segment. */
function collectionUrl({ request }: Write, path: string): string {
  if (request.method === 'POST') return request.url;
  const query = request.url.slice(request.url.split('?', 1)[0]!.length);
  const parameters = new URLSearchParams(query);
  // A parameter of apply alone.
  parameters.delete('force');
  if (path.lastIndexOf('/') <= 0) throw new StatusError(405, 'MethodNotAllowed', 'the path names no object');
  return `${path.slice(0, path.lastIndexOf('/'))}${parameters.size > 0 ? `?${parameters}` : ''}`;
}
