import { notAcceptable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/client/kube/transport';
import type { OpenApiDocuments } from '../openapi/documents.ts';
import { type Discovery, versionResponse } from './discovery.ts';
import { parseAccept } from './negotiate.ts';
import { rawJson, textResponse } from './respond.ts';

const CHECKS = new Set(['/healthz', '/livez', '/readyz']);

/** Everything that needs no resource: discovery, version, health. Undefined when the path is none of these. */
export function nonResource(
  request: KubeRequest,
  url: URL,
  discovery: Discovery,
  openapi: OpenApiDocuments,
  gitVersion: string,
): KubeResponse | undefined {
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  if (path === '/version') return versionResponse(gitVersion);
  const [, first = '', ...rest] = path.split('/');
  if (CHECKS.has(`/${first}`)) {
    if (rest.length > 1) return undefined;
    return url.searchParams.has('verbose')
      ? textResponse(`[+]ping ok\n[+]storage ok\n${first} check passed\n`)
      : textResponse('ok');
  }
  if (first === 'openapi') return openapiResponse(openapi, path, request);
  if (first === 'api' || first === 'apis') return discovery.answer(path, request.headers);
  return undefined;
}

/** Media types of clients that take JSON, whatever they would like better. */
const JSON_TYPES = ['application/json', '*/*', 'application/*'];

function openapiResponse(openapi: OpenApiDocuments, path: string, request: KubeRequest): KubeResponse | undefined {
  if (!parseAccept(request.headers.accept).some(({ type }) => JSON_TYPES.includes(type))) {
    throw notAcceptable(['application/json']);
  }
  if (path === '/openapi/v2') return rawJson(openapi.v2());
  if (path === '/openapi/v3') return rawJson(openapi.index());
  const document = path.startsWith('/openapi/v3/') ? openapi.document(path.slice('/openapi/v3/'.length)) : undefined;
  if (!document) return undefined;
  const etag = `"${document.hash}"`;
  const headers = { 'content-type': 'application/json', etag, vary: 'Accept' };
  if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: Buffer.alloc(0) };
  return { status: 200, headers, body: document.body };
}
