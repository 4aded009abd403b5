import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  badRequest,
  expired,
  invalid,
  type StatusCause,
  StatusError,
} from '@ks-apiserver/apimachinery/meta/errors';
import { forbiddenField, notSupported } from '@ks-apiserver/apimachinery/validation/field';
import type { Backend } from '../../storage/backend.ts';

/** The state that a list shows, and the part of it. */
export interface ListOptions {
  /** 0: no limit. */
  limit: number;
  /** Revision that the list shows; undefined for the newest. */
  revision?: number;
  /** Storage key to start at. */
  start?: string;
  /** Number of items from this page's start on, where an earlier page counted them. */
  remaining?: number;
}

interface ContinueToken {
  v: 'meta.k8s.io/v1';
  rv: number;
  start: string;
  remaining?: number;
}

/** The opaque continue token of the next page. */
export function continueToken(
  revision: number,
  start: string,
  remaining: number | undefined,
): string {
  const token: ContinueToken = {
    v: 'meta.k8s.io/v1',
    rv: revision,
    start,
    ...(remaining !== undefined && { remaining }),
  };

  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(text: string): ContinueToken {
  const refuse = (why: string) =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const illegal =
    /[^\w-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : undefined);
  if (illegal !== undefined) {
    throw refuse(`illegal base64 data at input byte ${illegal}`);
  }

  let token: Partial<ContinueToken> | null;

  try {
    token = JSON.parse(
      Buffer.from(text, 'base64url').toString('utf8'),
    ) as Partial<ContinueToken> | null;
  } catch (error) {
    throw refuse(messageOf(error));
  }

  const { v, start, rv } = token ?? {};
  if (v !== 'meta.k8s.io/v1') {
    throw refuse(`server does not recognize this encoded version ${v ?? ''}`);
  }
  if (typeof start !== 'string' || start === '' || !Number.isSafeInteger(rv) || rv === 0) {
    throw refuse(`incorrect encoded start resourceVersion (version ${v})`);
  }

  return token as ContinueToken;
}

/** 422 about options of a list or watch. */
export function invalidListOptions(causes: StatusCause[]): StatusError {
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, causes);
}

function matchForbiddenCause(why: string): StatusCause {
  return forbiddenField('resourceVersionMatch', `resourceVersionMatch is forbidden ${why}`);
}

/**
 * An integer of a query; 0 when it is not set. Throws a StatusError 400 in the words of Go's
 * strconv.
 */
export function integerOption(text: string | null): number {
  if (text === null) {
    return 0;
  }
  if (!/^[+-]?[0-9]{1,18}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }

  return Number(text);
}

/** Why a resourceVersion is invalid; undefined when it is valid. */
export function revisionFault(text: string): string | undefined {
  if (text === '' || /^[0-9]{1,15}$/.test(text)) {
    return undefined;
  }

  const quoted = JSON.stringify(text);
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`;
}

/**
 * Parses the resourceVersion of a get or a watch; undefined when it is not set. Throws a
 * StatusError 500, as kube-apiserver does.
 */
export function parseRevision(text: string | null): number | undefined {
  const fault = revisionFault(text ?? '');
  if (fault) {
    throw new StatusError(500, '', fault);
  }

  return text ? Number(text) : undefined;
}

/** 504 for a resourceVersion in the future. */
export function tooLargeRevision(wanted: number, current: number): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}

function matchCauses(match: string, version: string, token: string): StatusCause[] {
  if (match === '') {
    return [];
  }

  const causes: StatusCause[] = [];

  if (version === '') {
    causes.push(matchForbiddenCause('unless resourceVersion is provided'));
  }
  if (token !== '') {
    causes.push(matchForbiddenCause('when continue is provided'));
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
  }

  if (match === 'Exact' && version === '0') {
    causes.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      ),
    );
  }

  return causes;
}

/**
 * Options of a list from its query (Kubernetes "API Concepts", "Resource versions"); throws
 * StatusErrors 400, 410, 422 and 504.
 */
export function listOptions(query: URLSearchParams, prefix: string, backend: Backend): ListOptions {
  const limit = Math.max(0, integerOption(query.get('limit')));
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const token = query.get('continue') ?? '';
  const causes = matchCauses(match, version, token);

  if (query.get('sendInitialEvents')) {
    causes.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }

  integerOption(query.get('timeoutSeconds'));

  if (causes.length > 0) {
    throw invalidListOptions(causes);
  }

  if (token !== '') {
    if (version && version !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }

    const { rv, start, remaining } = readToken(token);
    const from = prefix + start;

    if (rv === -1) {
      return { limit, start: from };
    }
    if (rv < backend.compactedRevision || rv > backend.revision) {
      throw expiredToken(backend, start);
    }

    return { limit, revision: rv, start: from, ...(remaining !== undefined && { remaining }) };
  }

  const fault = revisionFault(version);
  if (fault) {
    throw badRequest(`invalid resource version: ${fault}`);
  }

  const wanted = Number(version);
  if (wanted === 0) {
    return { limit };
  }
  if (wanted > backend.revision) {
    throw tooLargeRevision(wanted, backend.revision);
  }
  if (match !== 'Exact' && !(match === '' && limit > 0)) {
    return { limit };
  }
  if (wanted < backend.compactedRevision) {
    throw expired('The resourceVersion for the provided list is too old.');
  }

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
