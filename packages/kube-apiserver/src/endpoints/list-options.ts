import { badRequest, expired, invalid, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Backend } from '../storage/backend.ts';

/** Which state and which part of it a list shows. */
export interface ListOptions {
  /** 0: no limit. */
  limit: number;
  /** Revision that the list shows; undefined for the newest. */
  revision?: number;
  /** Storage key to begin at. */
  start?: string;
  /** Items that follow this page's start in all, where an earlier page counted them. */
  remaining?: number;
}

interface ContinueToken {
  v: 'meta.k8s.io/v1';
  rv: number;
  start: string;
  remaining?: number;
}

/** The opaque token by which the next page of a list is asked for. */
export function continueToken(revision: number, start: string, remaining: number | undefined): string {
  const token: ContinueToken = {
    v: 'meta.k8s.io/v1',
    rv: revision,
    start,
    ...(remaining !== undefined && { remaining }),
  };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(text: string): ContinueToken {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as ContinueToken;
    if (token.v === 'meta.k8s.io/v1' && typeof token.start === 'string' && Number.isSafeInteger(token.rv)) return token;
  } catch {
    // Falls through to the one answer for all malformed tokens.
  }
  throw badRequest('continue key is not valid: illegal base64 or JSON');
}

function invalidOption(field: string, message: string): StatusError {
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, [
    { reason: 'FieldValueForbidden', message, field },
  ]);
}

/** A resourceVersion of a query as a revision; undefined when it is not set. Throws a StatusError 400. */
export function parseRevision(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw badRequest(
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}

/** 504 for a resourceVersion that lies in the future. */
export function tooLargeRevision(wanted: number, current: number): StatusError {
  return new StatusError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** Options of a list from its query (Kubernetes "API Concepts", "Resource versions"); throws StatusErrors 400, 410, 422 and 504. */
export function listOptions(query: URLSearchParams, prefix: string, backend: Backend): ListOptions {
  const limitText = query.get('limit') || '0';
  if (!/^-?[0-9]{1,18}$/.test(limitText)) throw badRequest(`limit: Invalid value: ${JSON.stringify(limitText)}`);
  const limit = Math.max(0, Number(limitText));
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion');
  const token = query.get('continue') ?? '';
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOption(
      'resourceVersionMatch',
      `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan"`,
    );
  }
  if (match !== '' && !version) {
    throw invalidOption(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (token !== '') {
    if (match !== '')
      throw invalidOption(
        'resourceVersionMatch',
        'Forbidden: resourceVersionMatch is forbidden when continue is provided',
      );
    if (version && version !== '0') throw badRequest('specifying resource version is not allowed when using continue');
    const { rv, start, remaining } = readToken(token);
    const from = prefix + start;
    if (rv === -1) return { limit, start: from };
    if (rv < backend.compactedRevision || rv > backend.revision) throw expiredToken(backend, start);
    return { limit, revision: rv, start: from, ...(remaining !== undefined && { remaining }) };
  }
  const wanted = parseRevision(version);
  if (wanted === undefined || wanted === 0) {
    if (match === 'Exact')
      throw invalidOption(
        'resourceVersionMatch',
        'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      );
    return { limit };
  }
  if (wanted > backend.revision) throw tooLargeRevision(wanted, backend.revision);
  if (match !== 'Exact' && !(match === '' && limit > 0)) return { limit };
  if (wanted < backend.compactedRevision) throw expired('The resourceVersion for the provided list is too old.');
  return { limit, revision: wanted };
}

function expiredToken(backend: Backend, start: string): StatusError {
  const fresh = continueToken(-1, start, undefined);
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
    'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing ' +
    'with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the ' +
    'time the first chunk was returned and now may show up in the list.';
  const error = expired(message);
  Object.defineProperty(error, 'status', {
    value: () => ({
      ...StatusError.prototype.status.call(error),
      metadata: { continue: fresh, resourceVersion: String(backend.revision) },
    }),
  });
  return error;
}
