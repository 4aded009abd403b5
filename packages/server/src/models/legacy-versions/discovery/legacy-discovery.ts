import { createHash } from 'node:crypto';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import {
  type KubeRequest,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { asReadable } from '../../redaction/redacted-response.ts';
import { takesJson } from '../calls/media-types.ts';
import { type Fields, isFields } from '../fields.ts';
import { LEGACY_KINDS } from '../kinds.ts';
import type { LegacyKind } from '../legacy-kind.ts';
import {
  withLegacyAggregated,
  withLegacyGroup,
  withLegacyGroups,
  withLegacyResources,
} from './documents.ts';
import { makeLegacyDocument, servedVersions, withLegacyDocuments } from './openapi.ts';

/**
 * Paths of discovery: all groups, one group, a version; the list of OpenAPI documents, and one of
 * them.
 */
const DISCOVERY = /^\/apis(?:\/([^/]+)(?:\/([^/]+))?)?\/?$/;
const OPENAPI = /^\/openapi\/v3(?:\/apis\/([^/]+)\/([^/]+))?\/?$/;
const DOCUMENT_LIMIT = 64 * 1024 * 1024;

/** OpenAPI documents that are kept, because kubectl asks for one repeatedly. */
const MAX_DOCUMENTS = 8;

/** The list of all groups. */
const DISCOVERY_ROOT: Place = { isOpenApi: false, group: undefined, version: undefined };

type Requester = (request: KubeRequest) => Promise<KubeResponse>;

/** A path's document: of which group and version, both undefined for all. */
interface Place {
  isOpenApi: boolean;
  group: string | undefined;
  version: string | undefined;
}

function placeOf(url: string): Place | undefined {
  const [path = ''] = url.split('?', 1);
  const openApi = OPENAPI.exec(path);
  const found = openApi ?? DISCOVERY.exec(path);
  return found ? { isOpenApi: openApi !== null, group: found[1], version: found[2] } : undefined;
}

/**
 * Whether a call is for discovery: groups, versions and their resources, or their OpenAPI
 * documents.
 */
export function asksForDiscovery(
  { method, url, headers }: KubeRequest,
  info: RequestInfo,
): boolean {
  const isDocument = info.isKubernetes && !info.isResource && method === 'GET';
  return isDocument && takesJson(headers.accept) && placeOf(url) !== undefined;
}

/**
 * Adds the kinds of older versions that are served here to answers of discovery and of OpenAPI v3.
 */
export class LegacyDiscovery {
  readonly #bridges: (kind: LegacyKind) => Promise<boolean>;
  /** OpenAPI documents by a digest of their sources. */
  readonly #documents = new Map<string, Buffer>();

  constructor(bridges: (kind: LegacyKind) => Promise<boolean>) {
    this.#bridges = bridges;
  }

  /**
   * Answers a call that `asksForDiscovery`: `send` makes it for its caller, `own` reads other
   * documents.
   */
  async answer(request: KubeRequest, send: Requester, own: Requester): Promise<KubeResponse> {
    const place = placeOf(request.url) ?? DISCOVERY_ROOT;
    const { 'if-none-match': known, ...headers } = asReadable(request).headers;
    const response = await send({ ...request, headers });
    const isFound = response.status === 200;
    if (!isFound && response.status !== 404) {
      return response;
    }

    const bytes = await readBody(response.body, DOCUMENT_LIMIT);
    const merged = await this.#mergeDocument(isFound ? bytes : undefined, place, own);

    return merged
      ? answerWith(response, merged, known)
      : unlessKnown({ ...response, body: bytes }, known);
  }

  /**
   * Returns the document with the kinds that are served here; undefined if there are none to add.
   */
  async #mergeDocument(
    bytes: Buffer | undefined,
    place: Place,
    own: Requester,
  ): Promise<Buffer | undefined> {
    const { isOpenApi, group, version } = place;

    const kinds = LEGACY_KINDS.filter(
      (kind) =>
        (group === undefined || kind.group === group) &&
        (version === undefined || kind.version === version),
    );

    const bridged = await this.#bridgedKinds(kinds);
    if (bridged.length === 0) {
      return undefined;
    }

    if (isOpenApi && group !== undefined) {
      return bytes ? undefined : this.#openApi(bridged, own);
    }

    const merged = await this.#mergeFields(bytes && parseDocument(bytes), place, bridged, own);

    return merged && Buffer.from(JSON.stringify(merged));
  }

  async #mergeFields(
    document: Fields | undefined,
    { isOpenApi, group, version }: Place,
    kinds: readonly LegacyKind[],
    own: Requester,
  ): Promise<Fields | undefined> {
    if (group === undefined) {
      if (isOpenApi || document?.kind !== 'APIGroupDiscoveryList') {
        return document && (isOpenApi ? withLegacyDocuments : withLegacyGroups)(document, kinds);
      }

      return withLegacyAggregated(document, kinds);
    }

    if (version === undefined) {
      return withLegacyGroup(document ?? { kind: 'APIGroup', apiVersion: 'v1' }, group, kinds);
    }

    const served = new Map<string, Fields | undefined>();

    for (const apiVersion of servedVersions(kinds)) {
      const bytes = await this.#read(`/apis/${apiVersion}`, own);
      served.set(apiVersion, bytes && parseDocument(bytes));
    }

    return withLegacyResources(document, `${group}/${version}`, kinds, (apiVersion) =>
      served.get(apiVersion),
    );
  }

  /** Returns the OpenAPI document of a version that the backend does not serve at all. */
  async #openApi(kinds: readonly LegacyKind[], own: Requester): Promise<Buffer | undefined> {
    const sources: Buffer[] = [];
    const digest = createHash('sha256').update([...new Set(kinds.map(apiVersionOf))].join());

    for (const served of servedVersions(kinds)) {
      const bytes = await this.#read(`/openapi/v3/apis/${served}`, own);
      if (!bytes) {
        return undefined;
      }

      sources.push(bytes);
      digest.update(bytes);
    }

    const key = digest.digest('hex');
    const known = this.#documents.get(key);
    if (known) {
      return known;
    }

    const document = Buffer.from(
      JSON.stringify(makeLegacyDocument(sources.map(parseDocument), kinds)),
    );

    if (this.#documents.size >= MAX_DOCUMENTS) {
      this.#documents.clear();
    }

    this.#documents.set(key, document);

    return document;
  }

  async #bridgedKinds(kinds: readonly LegacyKind[]): Promise<LegacyKind[]> {
    const are = await Promise.all(kinds.map((kind) => this.#bridges(kind)));
    return kinds.filter((_, i) => are[i]);
  }

  async #read(url: string, own: Requester): Promise<Buffer | undefined> {
    const response = await own({ method: 'GET', url, headers: { accept: 'application/json' } });
    const bytes = await readBody(response.body, DOCUMENT_LIMIT);
    return response.status === 200 ? bytes : undefined;
  }
}

function parseDocument(bytes: Buffer): Fields {
  try {
    const document: unknown = JSON.parse(bytes.toString());
    if (isFields(document)) {
      return document;
    }
  } catch (error) {
    throw internalError('the Kubernetes API did not answer discovery in JSON', error);
  }

  throw internalError('the Kubernetes API did not answer discovery');
}

/** Returns an answer, or 304 if the client has it already (RFC 9110 section 13.1.2). */
function unlessKnown(response: KubeResponse, known: string | undefined): KubeResponse {
  const { 'content-length': _length, 'content-type': _type, ...headers } = response.headers;
  const isKnown = response.status === 200 && known !== undefined && known === headers.etag;

  return isKnown ? { status: 304, headers, body: Buffer.alloc(0) } : response;
}

/**
 * Makes the answer with a document, with its own tag if the Kubernetes API sends one (RFC 9110
 * section 8.8.3).
 */
function answerWith(response: KubeResponse, body: Buffer, known: string | undefined): KubeResponse {
  const {
    'content-length': _length,
    'content-encoding': _encoding,
    etag,
    ...rest
  } = response.headers;

  const headers = response.status === 200 ? rest : { 'content-type': 'application/json' };

  if (etag === undefined) {
    return { status: 200, headers, body };
  }

  const tag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;

  return unlessKnown({ status: 200, headers: { ...headers, etag: tag }, body }, known);
}
