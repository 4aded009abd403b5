import { isObject } from '@ks-apiserver/apimachinery/json/json';
import {
  badRequest,
  internalError,
  notAcceptable,
  unsupportedMediaType,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { Json } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import {
  type KubeRequest,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { PATCH_TYPES } from '@ks-apiserver/client/kube/client';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { parseConfiguration } from '../../gate/applied-configuration.ts';
import { mediaType } from '../../gate/reviewed-write.ts';
import { asReadable } from '../../redaction/redacted-response.ts';
import { type AnswerForm, toLegacyResponse } from '../answers/responses.ts';
import { toLegacyObject } from '../convert-objects.ts';
import type { Fields } from '../fields.ts';
import { type LegacyKind, mappingOf, type VersionMapping } from '../legacy-kind.ts';
import { withAppliedDefaults } from './applied-defaults.ts';
import { takesJson } from './media-types.ts';
import { applyPatch } from './patches.ts';
import {
  checkType,
  fieldValidationOf,
  parseJson,
  parseObject,
  requireObject,
  toServedBody,
} from './request-bodies.ts';

/** How often a patch is tried while the object keeps changing. */
const ATTEMPTS = 5;
const OBJECT_LIMIT = 16 * 1024 * 1024;
const JSON_TYPE = 'application/json';

/** Makes a call to the Kubernetes API for its caller. */
export type Send = (
  info: RequestInfo,
  request: KubeRequest,
  readBody: () => Promise<Buffer>,
) => Promise<KubeResponse>;

export interface LegacyCallDependencies {
  send: Send;
  /** Reads the whole body of the call. */
  readBody: () => Promise<Buffer>;
  /** Reads with the server's own rights: a patch needs no right to read. */
  own: (request: KubeRequest) => Promise<KubeResponse>;
  /** Returns the schema for strategic merge patches of a kind. */
  schemaOf: (kind: { group: string; version: string; kind: string }) => Promise<Schema | undefined>;
}

/** A call about a kind in an older version, made in the served version. */
export class LegacyCall {
  readonly kind: LegacyKind;
  /** Path and query in the served version. */
  readonly url: string;
  /** The call in the served version. */
  readonly info: RequestInfo;
  readonly #mapping: VersionMapping;

  constructor(kind: LegacyKind, method: string, url: string) {
    this.kind = kind;

    const from = `/apis/${kind.group}/${kind.version}/`;
    const { group, version } = kind.served;

    this.url = `/apis/${group}/${version}/${url.slice(from.length)}`;
    this.info = parseRequestInfo(method, this.url);
    this.#mapping = mappingOf(kind, this.info.subresource);
  }

  /**
   * Makes the call; `request` is as it would be forwarded in the older version. Throws 400, 406,
   * 415.
   */
  async make(request: KubeRequest, dependencies: LegacyCallDependencies): Promise<KubeResponse> {
    checkAccept(request);

    const call = { ...asReadable(request), url: this.url };
    const { response, warnings } = await this.#callServed(call, dependencies);
    const answer = await toLegacyResponse(response, this.#answerForm(), this.kind, this.#mapping);
    const texts = [this.kind.warning, ...warnings];

    return {
      ...answer,
      headers: { ...answer.headers, warning: warningHeader(answer.headers.warning, texts) },
    };
  }

  #answerForm(): AnswerForm {
    const { verb } = this.info;
    if (verb === 'watch') {
      return 'watch';
    }

    return verb === 'list' || verb === 'deletecollection' ? 'list' : 'object';
  }

  async #callServed(
    request: KubeRequest,
    dependencies: LegacyCallDependencies,
  ): Promise<{ response: KubeResponse; warnings: readonly string[] }> {
    switch (request.method) {
      case 'POST':
      case 'PUT':
        return this.#write(request, dependencies);
      case 'PATCH':
        return this.#patch(request, dependencies);
      case 'DELETE':
        return { response: await this.#delete(request, dependencies), warnings: [] };
      default:
        return {
          response: await dependencies.send(this.info, request, dependencies.readBody),
          warnings: [],
        };
    }
  }

  async #write(request: KubeRequest, dependencies: LegacyCallDependencies) {
    const given = parseObject(request, await dependencies.readBody());
    const { object, warnings } = toServedBody(
      this.#mapping,
      given,
      fieldValidationOf(queryOf(request)),
    );

    return { response: await this.#send(request, object, dependencies.send), warnings };
  }

  #send(request: KubeRequest, body: unknown, send: Send, type = JSON_TYPE): Promise<KubeResponse> {
    const bytes = Buffer.from(JSON.stringify(body));
    const { 'content-encoding': _encoding, ...headers } = request.headers;
    const sent = { ...headers, 'content-type': type, 'content-length': String(bytes.byteLength) };

    // A patch that was merged here is sent as a replacement of the object.
    const info = request.method === 'PUT' ? parseRequestInfo('PUT', request.url) : this.info;

    return send(info, { ...request, headers: sent, body: bytes }, async () => bytes);
  }

  async #patch(request: KubeRequest, dependencies: LegacyCallDependencies) {
    const type = mediaType(request);
    const fieldValidation = fieldValidationOf(queryOf(request));

    if (!Object.values<string>(PATCH_TYPES).includes(type)) {
      throw unsupportedMediaType(Object.values(PATCH_TYPES));
    }

    const body = await dependencies.readBody();

    if (type === PATCH_TYPES.apply) {
      const given = requireObject(parseConfiguration(body));
      const { stored } = this.#mapping.conversion
        ? await this.#findStored(request, dependencies.own)
        : {};

      const { object, warnings } = toServedBody(
        this.#mapping,
        given,
        fieldValidation,
        (conversion, applied) => withAppliedDefaults(conversion, applied, stored),
      );

      return { response: await this.#send(request, object, dependencies.send, type), warnings };
    }

    const patch = parseJson(body);

    if (!this.#mapping.conversion) {
      return {
        response: await this.#send(request, this.#replaceVersion(patch), dependencies.send, type),
        warnings: [],
      };
    }

    return this.#patchConverted(request, patch, type, fieldValidation, dependencies);
  }

  /** Replaces the apiVersion in a patch that otherwise fits the served version. */
  #replaceVersion(patch: Json): Json {
    const { legacyIn, servedIn } = this.#mapping;

    if (Array.isArray(patch)) {
      return patch.map((operation) =>
        isObject(operation) && operation.path === '/apiVersion' && operation.value === legacyIn
          ? { ...operation, value: servedIn }
          : operation,
      );
    }

    if (!isObject(patch) || patch.apiVersion === undefined) {
      return patch;
    }

    checkType({ apiVersion: patch.apiVersion }, this.#mapping);

    return { ...patch, apiVersion: servedIn };
  }

  /** Patches an object in the older version, and replaces exactly the version that was read. */
  async #patchConverted(
    request: KubeRequest,
    patch: Json,
    type: string,
    fieldValidation: ReturnType<typeof fieldValidationOf>,
    dependencies: LegacyCallDependencies,
  ): Promise<{ response: KubeResponse; warnings: readonly string[] }> {
    const { group, version } = versionOf(this.#mapping.servedIn);

    const schema =
      type === PATCH_TYPES.strategic
        ? await dependencies.schemaOf({ group, version, kind: this.#mapping.kind })
        : undefined;

    const path = pathOf(request);
    const query = queryOf(request);

    query.delete('force');

    const url = query.size > 0 ? `${path}?${query}` : path;

    for (let attempt = 1; ; attempt += 1) {
      const { found, stored } = await this.#findStored(request, dependencies.own);
      if (!stored) {
        return { response: found, warnings: [] };
      }

      const patched = applyPatch(stored, patch, type, schema);
      const { object, warnings } = toServedBody(this.#mapping, patched, fieldValidation);
      const put = { ...request, method: 'PUT', url };
      const response = await this.#send(put, object, dependencies.send);
      const setsVersion = resourceVersionOf(patched) !== resourceVersionOf(stored);
      if (response.status !== 409 || setsVersion || attempt === ATTEMPTS) {
        return { response, warnings };
      }

      await readBody(response.body, OBJECT_LIMIT);
    }
  }

  /**
   * Returns the object to patch, in the older version; without it if the Kubernetes API does not
   * return one.
   */
  async #findStored(
    request: KubeRequest,
    own: LegacyCallDependencies['own'],
  ): Promise<{ found: KubeResponse; stored?: Fields }> {
    const { signal } = request;

    const found = await own({
      method: 'GET',
      url: pathOf(request),
      headers: { accept: JSON_TYPE },
      ...(signal && { signal }),
    });

    const body = await readBody(found.body, OBJECT_LIMIT);

    if (found.status !== 200) {
      return { found: { ...found, body } };
    }

    const stored = parseJson(body);
    if (!isObject(stored)) {
      throw internalError('the Kubernetes API answered with no object');
    }

    return { found, stored: toLegacyObject(this.#mapping, stored) };
  }

  /** Makes a deletion; dependents that the older version orphaned by default are orphaned. */
  async #delete(request: KubeRequest, dependencies: LegacyCallDependencies): Promise<KubeResponse> {
    const query = queryOf(request);
    const body = request.body === undefined ? Buffer.alloc(0) : await dependencies.readBody();
    const options = body.byteLength === 0 ? undefined : parseObject(request, body);
    const says = (name: string) => (options ? options[name] !== undefined : query.has(name));
    const orphans = this.kind.orphans && !says('propagationPolicy') && !says('orphanDependents');

    if (options) {
      const propagationPolicy = orphans ? { propagationPolicy: 'Orphan' } : {};
      return this.#send(
        request,
        { ...options, ...propagationPolicy, apiVersion: 'v1' },
        dependencies.send,
      );
    }

    if (orphans) {
      query.set('propagationPolicy', 'Orphan');
    }

    const url = query.size > 0 ? `${pathOf(request)}?${query}` : request.url;

    return dependencies.send(this.info, { ...request, url }, dependencies.readBody);
  }
}

/**
 * Throws 406 for callers that do not accept JSON: this server does not encode older versions as
 * protobuf.
 */
function checkAccept({ headers: { accept } }: KubeRequest): void {
  if (!takesJson(accept)) {
    throw notAcceptable([JSON_TYPE]);
  }
}

function pathOf({ url }: KubeRequest): string {
  const [path = ''] = url.split('?', 1);
  return path;
}

function queryOf({ url }: KubeRequest): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
}

function versionOf(apiVersion: string): { group: string; version: string } {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version };
}

function resourceVersionOf(object: Fields): unknown {
  if (!isObject(object.metadata)) {
    throw badRequest('the object has no metadata');
  }

  return object.metadata.resourceVersion;
}

/** Returns a Warning header with more texts (RFC 7234 section 5.5). */
function warningHeader(own: string | string[] | undefined, texts: readonly string[]): string {
  const all = texts.map((text) => `299 - ${JSON.stringify(text)}`);
  return [...(own === undefined ? [] : [own].flat()), ...all].join(', ');
}
