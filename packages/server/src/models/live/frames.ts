import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';

/**
 * The annotation by which Kubernetes marks the end of the objects that were there before the watch
 * (KEP-3157).
 */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** The annotation of bookmarks that says for how long the copy has been out of date. */
const STALE = 'kubesphere.io/stale';

const HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;

const NEWLINE = 0x0a;

/** An object's index in a list, and how many objects the list has on all pages. */
export interface Standing {
  /** From 0, in the sorted and filtered list; undefined for an object that has left the page. */
  index?: number;
  totalItems: number;
}

/** Puts an object's JSON on one line, because a newline ends a frame. */
function toOneLine(bytes: Buffer): Buffer {
  return bytes.includes(NEWLINE)
    ? Buffer.from(JSON.stringify(JSON.parse(bytes.toString())))
    : bytes;
}

function tail(standing: Standing | undefined, position: string | undefined): Buffer {
  const more = { ...standing, ...(position !== undefined && { position }) };
  const text = JSON.stringify(more);
  return Buffer.from(text === '{}' ? '}\n' : `,${text.slice(1)}\n`);
}

/** Returns the pieces of an event, a line of JSON, without copying the object's bytes. */
export function eventPieces(
  type: Change['type'],
  object: Buffer,
  standing?: Standing,
  position?: string,
): [Buffer, Buffer, Buffer] {
  return [HEADS[type], toOneLine(object), tail(standing, position)];
}

/** Returns an event in one buffer, which all its readers share. */
export function eventFrame(
  type: Change['type'],
  object: Buffer,
  standing?: Standing,
  position?: string,
): Buffer {
  return Buffer.concat(eventPieces(type, object, standing, position));
}

/** What a bookmark says besides its position. */
export interface BookmarkDetails {
  initialEventsEnd?: boolean;
  /** Resources whose copy is out of date, and for how long. */
  stale?: string | undefined;
  totalItems?: number | undefined;
}

/** Returns a bookmark: everything up to its position has been sent. */
export function bookmarkFrame(
  definition: ResourceDefinition,
  position: string,
  details: BookmarkDetails,
): Buffer {
  const { initialEventsEnd, stale, totalItems } = details;

  const annotations = {
    ...(initialEventsEnd && { [INITIAL_EVENTS_END]: 'true' }),
    ...(stale !== undefined && { [STALE]: stale }),
  };

  const frame = {
    type: 'BOOKMARK',
    object: {
      kind: definition.kind,
      apiVersion: apiVersionOf(definition),
      metadata: {
        resourceVersion: position,
        creationTimestamp: null,
        ...(Object.keys(annotations).length > 0 && { annotations }),
      },
    },
    ...(totalItems !== undefined && { totalItems }),
    position,
  };

  return Buffer.from(`${JSON.stringify(frame)}\n`);
}

/** Returns the last event of a watch that cannot continue. */
export function errorFrame(error: StatusError): Buffer {
  return Buffer.from(`${JSON.stringify({ type: 'ERROR', object: error.status() })}\n`);
}
