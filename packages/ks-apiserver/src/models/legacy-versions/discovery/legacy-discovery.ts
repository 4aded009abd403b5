import { createHash } from 'node:crypto';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import { type KubeRequest, type KubeResponse, readBody } from '@ks-apiserver/client/kube/transport';
import { asReadable } from '../../gate/redacted-response.ts';
import { type Fields, isFields } from '../fields.ts';
import { LEGACY_KINDS } from '../kinds.ts';
import type { LegacyKind } from '../legacy-kind.ts';
import { withLegacyAggregated, withLegacyGroup, withLegacyGroups, withLegacyResources } from './documents.ts';

const DOCUMENT = /^\/apis(?:\/([^/]+))?(?:\/([^/]+))?\/?$/;
const DOCUMENT_LIMIT = 64 * 1024 * 1024;
const JSON_RANGE = /^\s*(application\/(json|\*)|\*\/\*)\s*(;|$)/i;

type Requester = (request: KubeRequest) => Promise<KubeResponse>;

/** Whether a call asks what `/apis`, one of its groups or one of their versions serves. */
export function asksForDiscovery({ method, url, headers }: KubeRequest, info: RequestInfo): boolean {
  const { accept = '' } = headers;
  const takesJson = accept.trim() === '' || accept.split(',').some((range) => JSON_RANGE.test(range));
  return info.isKubernetes && !info.isResource && method === 'GET' && takesJson && DOCUMENT.test(url.split('?', 1)[0]!);
}

/** Answers of discovery with the kinds of older versions that are served here. */
export class LegacyDiscovery {
  readonly #bridges: (kind: LegacyKind) => Promise<boolean>;

  constructor(bridges: (kind: LegacyKind) => Promise<boolean>) {
    this.#bridges = bridges;
  }

  /** The answer to a call of `asksForDiscovery`: `send` makes it for its caller, `own` asks for other documents. */
  async answer(request: KubeRequest, send: Requester, own: Requester): Promise<KubeResponse> {
    const [, group, version] = DOCUMENT.exec(request.url.split('?', 1)[0]!)!;
    const { 'if-none-match': known, ...headers } = asReadable(request).headers;
    const response = await send({ ...request, headers });
    if (response.status !== 200 && response.status !== 404) {
      return response;
    }

    const bytes = await readBody(response.body, DOCUMENT_LIMIT);
    const document = response.status === 200 ? parsed(bytes) : undefined;
    const merged = await this.#merged(document, group, version, own);
    if (!merged || merged === document) {
      return { ...response, body: bytes };
    }

    return answerWith(response, document !== undefined, merged, known);
  }

  async #merged(
    document: Fields | undefined,
    group: string | undefined,
    version: string | undefined,
    own: Requester,
  ): Promise<Fields | undefined> {
    if (group === undefined) {
      return document?.kind === 'APIGroupDiscoveryList'
        ? withLegacyAggregated(document, LEGACY_KINDS)
        : document && withLegacyGroups(document, await this.#bridged(LEGACY_KINDS));
    }

    const kinds = await this.#bridged(
      LEGACY_KINDS.filter((kind) => kind.group === group && (version === undefined || kind.version === version)),
    );
    if (kinds.length === 0) {
      return document;
    }

    if (version === undefined) {
      return withLegacyGroup(document ?? { kind: 'APIGroup', apiVersion: 'v1' }, group, kinds);
    }

    const served = new Map<string, Fields | undefined>();
    for (const apiVersion of new Set(kinds.map((kind) => apiVersionOf(kind.served)))) {
      served.set(apiVersion, await this.#document(`/apis/${apiVersion}`, own));
    }

    return withLegacyResources(document, `${group}/${version}`, kinds, (apiVersion) => served.get(apiVersion));
  }

  async #bridged(kinds: readonly LegacyKind[]): Promise<LegacyKind[]> {
    const are = await Promise.all(kinds.map((kind) => this.#bridges(kind)));
    return kinds.filter((_, i) => are[i]);
  }

  async #document(url: string, own: Requester): Promise<Fields | undefined> {
    const response = await own({ method: 'GET', url, headers: { accept: 'application/json' } });
    const bytes = await readBody(response.body, DOCUMENT_LIMIT);
    return response.status === 200 ? parsed(bytes) : undefined;
  }
}

function parsed(bytes: Buffer): Fields {
  try {
    const document: unknown = JSON.parse(bytes.toString());
    if (isFields(document)) {
      return document;
    }
  } catch (error) {
    throw internalError('the Kubernetes API does not tell in JSON what it serves', error);
  }

  throw internalError('the Kubernetes API does not tell what it serves');
}

/** A document as it is answered, with a tag of its own where the Kubernetes API gives one (RFC 9110 section 8.8.3). */
function answerWith(
  response: KubeResponse,
  isFound: boolean,
  document: Fields,
  known: string | undefined,
): KubeResponse {
  const { 'content-length': _length, 'content-encoding': _encoding, etag, ...rest } = response.headers;
  const headers = isFound ? rest : { 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify(document));
  if (etag === undefined) {
    return { status: 200, headers, body };
  }

  const tag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;
  return known === tag
    ? { status: 304, headers: { etag: tag }, body: Buffer.alloc(0) }
    : { status: 200, headers: { ...headers, etag: tag }, body };
}
