import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';

/** How a list is to be followed. */
export interface WatchRequest {
  /** Position after which to go on; '' to begin anew. */
  position: string;
  /** Whether the objects that are there come first. */
  initial: boolean;
  bookmarks: boolean;
  timeoutSeconds: number | undefined;
}

const TRUE = /^(1|t|T|TRUE|true|True)$/;
const FALSE = /^(0|f|F|FALSE|false|False)$/;
/** Parameters of Kubernetes' watches, which are no filters of a live list. */
const PARAMETERS = [
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'timeoutSeconds',
] as const;

function boolean(query: URLSearchParams, name: string, otherwise: boolean): boolean {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  throw badRequest(`parameter ${name}: "${text}" is no boolean, use true or false`);
}

function seconds(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`parameter timeoutSeconds: "${text}" is no number of seconds`);
  return Number(text) || undefined;
}

/**
 * Takes the parameters of a watch out of a query; undefined for a query that asks for a list. `Last-Event-ID` of who comes
 * back counts before `resourceVersion`. Throws BadRequest for values that cannot be read.
 */
export function takeWatch(query: URLSearchParams, headers: IncomingHttpHeaders): WatchRequest | undefined {
  const watch = boolean(query, 'watch', false);
  query.delete('watch');
  if (!watch) return undefined;
  const last = headers['last-event-id'];
  const position = (typeof last === 'string' && last !== '' ? last : query.get('resourceVersion')) ?? '';
  const request = {
    position: position === '0' ? '' : position,
    initial: boolean(query, 'sendInitialEvents', true),
    bookmarks: boolean(query, 'allowWatchBookmarks', true),
    timeoutSeconds: seconds(query.get('timeoutSeconds')),
  };
  for (const name of PARAMETERS) query.delete(name);
  return request;
}
