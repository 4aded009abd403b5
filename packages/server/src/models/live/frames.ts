import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf } from '@ks-apiserver/apimachinery/meta/types';
import type { Change } from '@ks-apiserver/client/informer/store';
import type { ResourceDefinition } from '../resources/catalog/definition.ts';

/**
 * The annotation by which Kubernetes marks the end of the objects that were there before the watch
 * (KEP-3157).
 */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** The annotation of bookmarks that tells for how long the copy has not been up to date. */
const STALE = 'kubesphere.io/stale';

const HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;

const NEWLINE = 0x0a;

/** Where an object stands in a page, and how many there are on all pages. */
export interface Standing {
  /** From 0, in the sorted and filtered list; undefined for an object that has left the page. */
  index?: number;
  totalItems: number;
}

/** Bytes of an object on one line: frames end with their line. */
function oneLine(bytes: Buffer): Buffer {
  return bytes.includes(NEWLINE)
    ? Buffer.from(JSON.stringify(JSON.parse(bytes.toString())))
    : bytes;
}

function tail(standing: Standing | undefined, position: string | undefined): Buffer {
  const more = { ...standing, ...(position !== undefined && { position }) };
  const text = JSON.stringify(more);
  return Buffer.from(text === '{}' ? '}\n' : `,${text.slice(1)}\n`);
}

/** The pieces of an event, a line of JSON; the object's bytes are not copied. */
export function eventPieces(
  type: Change['type'],
  object: Buffer,
  standing?: Standing,
  position?: string,
): [Buffer, Buffer, Buffer] {
  return [HEADS[type], oneLine(object), tail(standing, position)];
}

/** An event in one piece, to be shared by everybody who gets it. */
export function eventFrame(
  type: Change['type'],
  object: Buffer,
  standing?: Standing,
  position?: string,
): Buffer {
  return Buffer.concat(eventPieces(type, object, standing, position));
}

/** What a bookmark tells besides its position. */
export interface BookmarkNotes {
  initialEventsEnd?: boolean;
  /** Resources whose copy is not up to date, and since when. */
  stale?: string | undefined;
  totalItems?: number | undefined;
}

/** A bookmark: everything up to its position has been sent. */
export function bookmarkFrame(
  row: ResourceDefinition,
  position: string,
  notes: BookmarkNotes,
): Buffer {
  const { initialEventsEnd, stale, totalItems } = notes;

  const annotations = {
    ...(initialEventsEnd && { [INITIAL_EVENTS_END]: 'true' }),
    ...(stale !== undefined && { [STALE]: stale }),
  };

  const frame = {
    type: 'BOOKMARK',
    object: {
      kind: row.kind,
      apiVersion: apiVersionOf(row),
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

/** The last event of a watch that cannot go on. */
export function errorFrame(error: StatusError): Buffer {
  return Buffer.from(`${JSON.stringify({ type: 'ERROR', object: error.status() })}\n`);
}
