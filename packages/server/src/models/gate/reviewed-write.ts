import { badRequest, internalError, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyJsonPatch, parsePointer } from '@ks-apiserver/apimachinery/patch/json-patch';
import {
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { errorFrom, PATCH_TYPES } from '@ks-apiserver/client/kube/client';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { parseConfiguration } from './applied-configuration.ts';
import {
  type SecretFields,
  secretsOf,
  withoutSecrets,
  withoutSecretTexts,
  withSecretsOf,
} from './redaction.ts';

const ATTEMPTS = 5;

/** Largest object that is reviewed, in bytes: etcd keeps less. */
const OBJECT_LIMIT = 16 * 1024 * 1024;

/**
 * Looks at what a write would store; `stored` is what it replaces. Throws to refuse it. Answers
 * another object to have that one stored instead, or nothing.
 */
export type Review = (
  stored: KubeObject | undefined,
  wished: KubeObject,
) => KubeObject | undefined | Promise<KubeObject | undefined>;

/** The Kubernetes API as its caller reaches it, and with the server's own rights. */
export interface Apis {
  kubernetes: Pick<KubeTransport, 'request'>;
  own: Pick<KubeTransport, 'request'>;
}

/** A write as it came. */
export interface Write {
  info: RequestInfo;
  /** As it would be sent on, without its body. */
  request: KubeRequest;
  /** All of its body, not compressed. */
  body: Buffer;
  /** Fields of the kind that are kept back from the caller. */
  hidden: SecretFields | undefined;
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

/** Media type of a request's body in lower case, without parameters; '' when it names none. */
export function mediaType({ headers }: KubeRequest): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

/** An applied configuration that is valid for one version of the object only. */
function pinned(body: Buffer, resourceVersion: string | undefined): Buffer {
  const config = parseConfiguration(body);
  const { metadata } = (config ?? {}) as { metadata?: object };
  if (typeof metadata !== 'object' || metadata === null) {
    throw badRequest('the applied configuration has no metadata');
  }

  return Buffer.from(
    JSON.stringify({
      ...(config as object),
      metadata: { ...metadata, ...(resourceVersion && { resourceVersion }) },
    }),
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
 * What a JSON patch makes of the object as its caller sees it: it could copy or test what is hidden
 * from them. Throws 400, 422.
 */
function patched(body: Buffer, stored: KubeObject, hidden: SecretFields): KubeObject {
  let patch: Json;

  try {
    patch = JSON.parse(body.toString()) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }

  return applyJsonPatch(
    withoutSecrets(stored, hidden) as never,
    replacing(patch, stored, hidden),
  ) as unknown as KubeObject;
}

/** A patch that may replace secrets which its author does not see: there they are added. */
function replacing(patch: Json, stored: KubeObject, { paths }: SecretFields): Json {
  const known = new Set(
    paths
      .filter(
        (path) => secretsOf(stored, { paths: [path], shownToAdministrators: false }).length > 0,
      )
      .map((path) => JSON.stringify(path)),
  );

  const isHidden = (pointer: unknown) => known.has(JSON.stringify(parsePointer(pointer)));

  const replaced = (operation: Json): Json => {
    const { op, path } = (operation ?? {}) as { op?: Json; path?: Json };
    return op === 'replace' && isHidden(path) ? { ...(operation as object), op: 'add' } : operation;
  };

  return Array.isArray(patch) ? patch.map(replaced) : patch;
}

/** A refusal in which no secret of the stored object stands. */
function withoutHidden(
  response: KubeResponse & { body: Buffer },
  secrets: readonly string[],
): KubeResponse {
  if (response.status < 400 || secrets.length === 0) {
    return response;
  }

  const { 'content-length': _length, ...headers } = response.headers;

  return {
    ...response,
    headers,
    body: Buffer.from(withoutSecretTexts(response.body.toString(), secrets)),
  };
}

/**
 * Makes a write after a review. A dry run at the Kubernetes API tells what would be stored, so that
 * the review sees what every patch and encoding amounts to. That very object is then written, at
 * the version that was looked at, with the server's own rights: the dry run has shown that the
 * caller may write it. Throws what the review throws.
 */
export async function reviewedWrite(
  { kubernetes, own }: Apis,
  write: Write,
  review: Review,
): Promise<KubeResponse> {
  const { info, request, body, hidden } = write;

  const {
    'content-length': _length,
    'content-encoding': _encoding,
    'accept-encoding': _accepted,
    ...headers
  } = request.headers;

  const asJson = { ...headers, accept: 'application/json' };
  const path = objectPath(request, info);
  const type = mediaType(request);
  const applies = request.method === 'PATCH' && type === PATCH_TYPES.apply;
  const patchesHidden =
    hidden !== undefined && request.method === 'PATCH' && type === PATCH_TYPES.json;

  const send = async (
    to: Apis['own'],
    method: string,
    url: string,
    given: Record<string, string>,
    bytes?: Buffer,
  ): Promise<KubeResponse & { body: Buffer }> => {
    const response = await to.request({
      method,
      url,
      headers: bytes ? { ...given, 'content-length': String(bytes.byteLength) } : given,
      ...(bytes && { body: bytes }),
      ...(request.signal && { signal: request.signal }),
    });

    return { ...response, body: await readBody(response.body, OBJECT_LIMIT) };
  };

  const find = async (): Promise<KubeObject | undefined> => {
    if (request.method === 'POST') {
      return undefined;
    }

    const found = await send(own, 'GET', path, { accept: 'application/json' });
    if (found.status === 404) {
      return undefined;
    }

    if (found.status >= 300) {
      throw errorFrom(found.status, found.body);
    }

    return parsed(found.body);
  };

  /** What would be stored, or the refusal of the Kubernetes API. */
  const tried = (stored: KubeObject | undefined, given: Buffer) => {
    if (!patchesHidden || !stored) {
      return send(kubernetes, request.method, withDryRun(request.url), asJson, given);
    }

    const object = Buffer.from(JSON.stringify(patched(given, stored, hidden)));

    return send(
      kubernetes,
      'PUT',
      withDryRun(request.url),
      { ...asJson, 'content-type': 'application/json' },
      object,
    );
  };

  for (let attempt = 1; ; attempt += 1) {
    const stored = await find();
    const secrets = hidden ? secretsOf(stored, hidden) : [];
    const { resourceVersion } = stored?.metadata ?? {};
    const given = applies ? pinned(body, resourceVersion) : body;
    const dry = await tried(stored, given);
    const mayTryAgain = stored !== undefined && attempt < ATTEMPTS;

    // A JSON patch is tried as an update of the object that it was applied to, which may have
    // changed since.
    if (dry.status === 409 && patchesHidden && mayTryAgain) {
      continue;
    }

    if (dry.status >= 300) {
      return withoutHidden(dry, secrets);
    }

    const shown = parsed(dry.body);
    const wished = hidden && stored ? withSecretsOf(stored, shown, hidden) : shown;
    const changed = await review(stored, wished);
    let answer: KubeResponse & { body: Buffer };

    if (!changed && (applies || !stored)) {
      answer = await send(kubernetes, request.method, request.url, headers, given);
    } else {
      const object = changed ?? wished;
      const { managedFields: _fields, ...metadata } = object.metadata as Record<string, unknown>;

      if (stored) {
        metadata.resourceVersion = resourceVersion;
      } else {
        for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'generation']) {
          delete metadata[field];
        }
      }

      const [method, url] = stored ? ['PUT', request.url] : ['POST', collectionUrl(request, path)];
      const bytes = Buffer.from(JSON.stringify({ ...object, metadata }));
      answer = await send(
        own,
        method!,
        url!,
        { ...headers, 'content-type': 'application/json' },
        bytes,
      );
    }

    // Somebody else was quicker: what is there now has to be looked at.
    if (answer.status !== 409 || !mayTryAgain) {
      return withoutHidden(answer, secrets);
    }
  }
}

/**
 * Where an object is made: a POST's own URL; a PUT or apply that makes one names it in its last
 * segment.
 */
function collectionUrl(request: KubeRequest, path: string): string {
  if (request.method === 'POST') {
    return request.url;
  }

  const query = request.url.slice(request.url.split('?', 1)[0]!.length);
  const parameters = new URLSearchParams(query);

  // A parameter of apply alone.
  parameters.delete('force');

  if (path.lastIndexOf('/') <= 0) {
    throw new StatusError(405, 'MethodNotAllowed', 'the path names no object');
  }

  return `${path.slice(0, path.lastIndexOf('/'))}${parameters.size > 0 ? `?${parameters}` : ''}`;
}
