import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { badRequest, internalError, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { errorFrom, PATCH_TYPES } from '@ks-apiserver/client/kube/client';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import {
  type SecretFields,
  secretsOf,
  withoutSecretTexts,
  withSecretsOf,
} from '../redaction/redaction.ts';
import { parseConfiguration } from './applied-configuration.ts';
import { patchVisibleObject } from './hidden-patch.ts';

/** How often a write is tried while its object keeps changing. */
const ATTEMPTS = 5;

/** Largest object that is reviewed, in bytes; etcd keeps less. */
const OBJECT_LIMIT = 16 * 1024 * 1024;

/** Fields that the API server sets when it creates an object. */
const SET_ON_CREATION = ['uid', 'resourceVersion', 'creationTimestamp', 'generation'];

/** A response whose body was read. */
type ReadResponse = KubeResponse & { body: Buffer };

/**
 * Reviews the object that a write would store in place of `stored`; throws to refuse it. Returns an
 * object to store instead, or undefined.
 */
export type Review = (
  stored: KubeObject | undefined,
  proposed: KubeObject,
) => Promise<KubeObject | undefined>;

/** The Kubernetes API as its caller reaches it, and with the server's own rights. */
export interface Apis {
  kubernetes: Pick<KubeTransport, 'request'>;
  own: Pick<KubeTransport, 'request'>;
}

/** A write as it was received. */
export interface Write {
  info: RequestInfo;
  /** As it would be forwarded, without its body. */
  request: KubeRequest;
  /** All of its body, not compressed. */
  body: Buffer;
  /** Fields of the kind that the caller does not see. */
  hidden: SecretFields | undefined;
}

function withoutQuery(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path;
}

function withDryRun(url: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);

  parameters.set('dryRun', 'All');

  return `${path}?${parameters}`;
}

/** Returns the object's own path: without query and subresource. */
function objectPath({ url }: KubeRequest, { subresource }: RequestInfo): string {
  const path = withoutQuery(url).replace(/\/+$/, '');
  return subresource === '' ? path : path.slice(0, path.lastIndexOf('/'));
}

/** Returns the media type of a request's body in lower case, without parameters; '' for none. */
export function mediaType({ headers }: KubeRequest): string {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);

  return type.trim().toLowerCase();
}

/** Binds an applied configuration to one version of the object. */
function pinVersion(body: Buffer, resourceVersion: string | undefined): Buffer {
  const config = parseConfiguration(body);
  const metadata = isObject(config) ? config.metadata : undefined;
  if (!isObject(config) || typeof metadata !== 'object' || metadata === null) {
    throw badRequest('the applied configuration has no metadata');
  }

  return Buffer.from(
    JSON.stringify({
      ...config,
      metadata: { ...metadata, ...(resourceVersion && { resourceVersion }) },
    }),
  );
}

function parseObject(bytes: Buffer): KubeObject {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw internalError('the Kubernetes API answered with no JSON', error);
  }
}

/** Removes secrets of the stored object from a refusal. */
function hideSecrets(response: ReadResponse, secrets: readonly string[]): KubeResponse {
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
 * A write that is made after a review. A dry run at the Kubernetes API shows what would be stored,
 * so that the review sees the result of every kind of patch and encoding. That object is then
 * written, at the version that was reviewed, with the server's own rights: the dry run has shown
 * that the caller may write it.
 */
export class ReviewedWrite {
  readonly #apis: Apis;
  readonly #write: Write;
  readonly #review: Review;
  readonly #headers: Record<string, string>;
  /** The object's own path: without query and subresource. */
  readonly #path: string;
  readonly #applies: boolean;
  /** The secrets that a JSON patch must not see; undefined for other writes. */
  readonly #hiddenFromPatch: SecretFields | undefined;

  constructor(apis: Apis, write: Write, review: Review) {
    const { request, info, hidden } = write;

    const {
      'content-length': _length,
      'content-encoding': _encoding,
      'accept-encoding': _accepted,
      ...headers
    } = request.headers;

    const type = request.method === 'PATCH' ? mediaType(request) : '';

    this.#apis = apis;
    this.#write = write;
    this.#review = review;
    this.#headers = headers;
    this.#path = objectPath(request, info);
    this.#applies = type === PATCH_TYPES.apply;
    this.#hiddenFromPatch = type === PATCH_TYPES.json ? hidden : undefined;
  }

  /** Makes the write and returns its answer. Throws what the review throws. */
  async make(): Promise<KubeResponse> {
    const { hidden } = this.#write;

    for (let attempt = 1; ; attempt += 1) {
      const stored = await this.#find();
      const secrets = hidden ? secretsOf(stored, hidden) : [];
      const body = this.#bodyFor(stored);
      const dryRun = await this.#tryOut(stored, body);
      const mayTryAgain = stored !== undefined && attempt < ATTEMPTS;

      // A JSON patch is tried as an update of the object that it was applied to, which may have
      // changed since.
      if (dryRun.status === 409 && this.#hiddenFromPatch && mayTryAgain) {
        continue;
      }

      if (dryRun.status >= 300) {
        return hideSecrets(dryRun, secrets);
      }

      const shown = parseObject(dryRun.body);
      const proposed = hidden && stored ? withSecretsOf(stored, shown, hidden) : shown;
      const changed = await this.#review(stored, proposed);

      const answer =
        !changed && (this.#applies || !stored)
          ? await this.#resend(body)
          : await this.#store(stored, changed ?? proposed);

      // After a conflict the object has changed and must be reviewed again.
      if (answer.status !== 409 || !mayTryAgain) {
        return hideSecrets(answer, secrets);
      }
    }
  }

  async #send(to: Apis['own'], request: KubeRequest): Promise<ReadResponse> {
    const { signal } = this.#write.request;
    const response = await to.request({ ...request, ...(signal && { signal }) });

    return { ...response, body: await readBody(response.body, OBJECT_LIMIT) };
  }

  /** Returns the object that is stored now; undefined for a POST and if there is none. */
  async #find(): Promise<KubeObject | undefined> {
    if (this.#write.request.method === 'POST') {
      return undefined;
    }

    const found = await this.#send(this.#apis.own, {
      method: 'GET',
      url: this.#path,
      headers: { accept: 'application/json' },
    });

    if (found.status === 404) {
      return undefined;
    }

    if (found.status >= 300) {
      throw errorFrom(found.status, found.body);
    }

    return parseObject(found.body);
  }

  /** Returns the body to send: an applied configuration is bound to the stored version. */
  #bodyFor(stored: KubeObject | undefined): Buffer {
    const { body } = this.#write;
    return this.#applies ? pinVersion(body, stored?.metadata.resourceVersion) : body;
  }

  /** Makes a dry run; answers with what would be stored, or the Kubernetes API's refusal. */
  #tryOut(stored: KubeObject | undefined, body: Buffer): Promise<ReadResponse> {
    const { request } = this.#write;
    const headers = { ...this.#headers, accept: 'application/json' };
    const url = withDryRun(request.url);
    const { kubernetes } = this.#apis;

    if (!this.#hiddenFromPatch || !stored) {
      return this.#send(kubernetes, withBody({ method: request.method, url, headers }, body));
    }

    const object = patchVisibleObject(body, stored, this.#hiddenFromPatch);

    return this.#send(kubernetes, withJson({ method: 'PUT', url, headers }, object));
  }

  /** Makes the call as it came, with the caller's rights. */
  #resend(body: Buffer): Promise<ReadResponse> {
    const { method, url } = this.#write.request;

    return this.#send(
      this.#apis.kubernetes,
      withBody({ method, url, headers: this.#headers }, body),
    );
  }

  /** Stores the reviewed object with the server's own rights. */
  #store(stored: KubeObject | undefined, object: KubeObject): Promise<ReadResponse> {
    const { request } = this.#write;
    const { managedFields: _fields, ...metadata }: Record<string, unknown> = {
      ...object.metadata,
    };

    const headers = this.#headers;

    if (stored) {
      metadata.resourceVersion = stored.metadata.resourceVersion;

      return this.#send(
        this.#apis.own,
        withJson({ method: 'PUT', url: request.url, headers }, { ...object, metadata }),
      );
    }

    for (const field of SET_ON_CREATION) {
      delete metadata[field];
    }

    const url = collectionUrl(request, this.#path);

    return this.#send(
      this.#apis.own,
      withJson({ method: 'POST', url, headers }, { ...object, metadata }),
    );
  }
}

function withBody(request: KubeRequest, body: Buffer): KubeRequest {
  const headers = { ...request.headers, 'content-length': String(body.byteLength) };
  return { ...request, headers, body };
}

function withJson(request: KubeRequest, value: object): KubeRequest {
  const headers = { ...request.headers, 'content-type': 'application/json' };
  return withBody({ ...request, headers }, Buffer.from(JSON.stringify(value)));
}

/**
 * Returns the URL that creates an object: that of a POST itself; a PUT or apply has the object's
 * name as its last segment.
 */
function collectionUrl(request: KubeRequest, path: string): string {
  if (request.method === 'POST') {
    return request.url;
  }

  const query = request.url.slice(withoutQuery(request.url).length);
  const parameters = new URLSearchParams(query);

  // Only apply takes this parameter.
  parameters.delete('force');

  if (path.lastIndexOf('/') <= 0) {
    throw new StatusError(405, 'MethodNotAllowed', 'the path names no object');
  }

  return `${path.slice(0, path.lastIndexOf('/'))}${parameters.size > 0 ? `?${parameters}` : ''}`;
}
