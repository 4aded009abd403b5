import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { notAcceptable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { OpenApiDocuments } from '../../openapi/documents.ts';
import type { ServiceAccountTokens } from '../../registry/authorization/service-account-tokens.ts';
import { parseAccept } from '../codec/negotiate.ts';
import { NOT_KEPT, taggedDocument } from '../codec/tagged-document.ts';
import { rawJson, textResponse } from '../respond.ts';
import { type Discovery, versionResponse } from './discovery.ts';
import { issuerResponse } from './issuer.ts';

const CHECKS = new Set(['/healthz', '/livez', '/readyz']);

/** Handles paths that are no resources: discovery, version, health. Undefined for other paths. */
export function nonResource(
  request: KubeRequest,
  url: URL,
  discovery: Discovery,
  openapi: OpenApiDocuments,
  tokens: ServiceAccountTokens,
  gitVersion: string,
): Awaitable<KubeResponse> | undefined {
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
  const ofIssuer = issuerResponse(request, path, tokens);
  if (ofIssuer) {
    return ofIssuer;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return undefined;
  }
  if (path === '/version') {
    return versionResponse(gitVersion);
  }

  const [, first = '', ...rest] = path.split('/');
  if (CHECKS.has(`/${first}`)) {
    if (rest.length > 1) {
      return undefined;
    }

    return url.searchParams.has('verbose')
      ? textResponse(`[+]ping ok\n[+]storage ok\n${first} check passed\n`)
      : textResponse('ok');
  }

  if (first === 'openapi') {
    return openapiResponse(openapi, path, url.searchParams.get('hash'), request);
  }
  if (first === 'api' || first === 'apis') {
    return discovery.answer(path, request);
  }

  return undefined;
}

/** Media types of clients that accept JSON. */
const JSON_TYPES = ['application/json', '*/*', 'application/*'];

/** The media type of an OpenAPI 2 document as protobuf, and its spelling in older clients. */
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const V2_TYPES = [V2_PROTOBUF, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'];

/** The expiry of a document whose URL has a hash of its content (RFC 9110 section 5.6.7). */
function inAYear(): string {
  return new Date(Date.now() + 365 * 86_400_000).toUTCString();
}

function openapiResponse(
  openapi: OpenApiDocuments,
  path: string,
  hash: string | null,
  request: KubeRequest,
): Awaitable<KubeResponse> | undefined {
  const isV2 = path === '/openapi/v2';
  const taken = isV2 ? [...JSON_TYPES, ...V2_TYPES] : JSON_TYPES;
  const wanted = parseAccept(request.headers.accept).find(({ type }) => taken.includes(type))?.type;
  if (wanted === undefined) {
    throw notAcceptable(isV2 ? ['application/json', V2_PROTOBUF] : ['application/json']);
  }

  const headers = { 'content-type': 'application/json', vary: 'Accept', 'cache-control': NOT_KEPT };

  if (isV2) {
    return V2_TYPES.includes(wanted)
      ? openapi
          .v2Protobuf()
          .then((body) =>
            taggedDocument(request, body, { ...headers, 'content-type': V2_PROTOBUF }),
          )
      : taggedDocument(request, openapi.v2(), headers);
  }

  if (path === '/openapi/v3') {
    return rawJson(openapi.index());
  }

  const document = path.startsWith('/openapi/v3/')
    ? openapi.document(path.slice('/openapi/v3/'.length))
    : undefined;

  if (!document) {
    return undefined;
  }

  const isOfThisHash = hash === document.hash;

  return taggedDocument(request, document.body, {
    ...headers,
    ...(isOfThisHash && { 'cache-control': 'public, immutable', expires: inAYear() }),
  });
}
