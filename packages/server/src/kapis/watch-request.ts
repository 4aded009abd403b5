import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** How a list is to be followed. */
export interface WatchRequest {
  /** Position after which to continue; '' to start anew. */
  position: string;
  /** Whether the existing objects are sent first. */
  initial: boolean;
  bookmarks: boolean;
  timeoutSeconds: number | undefined;
}

/** Media type of Server-Sent Events. */
export const EVENT_STREAM = 'text/event-stream';

const TRUE = /^(1|t|T|TRUE|true|True)$/;
const FALSE = /^(0|f|F|FALSE|false|False)$/;

/** Parameters of Kubernetes' watches, which do not filter a live list. */
const PARAMETERS = [
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'timeoutSeconds',
] as const;

/** Returns a boolean parameter; undefined when it is missing. Throws BadRequest for other texts. */
function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) {
    return undefined;
  }
  if (TRUE.test(text)) {
    return true;
  }
  if (FALSE.test(text)) {
    return false;
  }

  throw badRequest(`parameter ${name}: "${text}" is not a boolean, use true or false`);
}

function seconds(text: string | null): number | undefined {
  if (text === null || text === '') {
    return undefined;
  }
  if (!/^\d{1,9}$/.test(text)) {
    throw badRequest(`parameter timeoutSeconds: "${text}" is not a number of seconds`);
  }

  return Number(text) || undefined;
}

/** Whether a caller asks for Server-Sent Events. */
export function wantsEvents({ accept = '' }: IncomingHttpHeaders): boolean {
  return accept
    .split(',')
    .some((item) => item.replace(/;.*$/s, '').trim().toLowerCase() === EVENT_STREAM);
}

/** Whether a caller accepts only Server-Sent Events. */
function wantsEventsOnly({ accept }: IncomingHttpHeaders): boolean {
  return accept?.includes(EVENT_STREAM) === true && !/json|\*\/\*/.test(accept);
}

/**
 * Removes the parameters of a watch from a query and returns them; undefined for a query that asks
 * for a list. `Last-Event-ID` of a reconnecting caller takes precedence over `resourceVersion`.
 * Throws BadRequest for values that cannot be parsed, NotAcceptable for a list as events.
 */
export function takeWatch(
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): WatchRequest | undefined {
  const watch = booleanOf(query, 'watch') ?? false;

  query.delete('watch');

  if (!watch) {
    if (wantsEventsOnly(headers)) {
      throw new StatusError(406, 'NotAcceptable', `${EVENT_STREAM} is for lists with watch=true`);
    }
    return undefined;
  }

  const last = headers['last-event-id'];
  const position =
    (typeof last === 'string' && last !== '' ? last : query.get('resourceVersion')) ?? '';

  const request = {
    position: position === '0' ? '' : position,
    initial: booleanOf(query, 'sendInitialEvents') ?? true,
    bookmarks: booleanOf(query, 'allowWatchBookmarks') ?? true,
    timeoutSeconds: seconds(query.get('timeoutSeconds')),
  };

  for (const name of PARAMETERS) {
    query.delete(name);
  }

  return request;
}
