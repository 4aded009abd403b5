import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  isWhole,
  type KubeBody,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { frames } from '@ks-apiserver/client/kube/watch-frames';
import type { Fields } from '../fields.ts';
import type { LegacyKind, Told } from '../legacy-kind.ts';
import { legacyAnswer, legacyElement, legacyListFields } from '../told-objects.ts';
import { listParts } from './list-parts.ts';

/** Largest answer about one object, in bytes. */
const OBJECT_LIMIT = 16 * 1024 * 1024;

/** Lists up to this size are answered in one piece, in bytes. */
const WHOLE_LIMIT = 256 * 1024;

/** Converted elements are handed on in pieces of this size, in bytes. */
const PIECE = 64 * 1024;
const ELEMENTS = ['items', 'rows'];

function parse(bytes: Buffer | string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw internalError('the Kubernetes API answered with no JSON', error);
  }
}

/** The events of a watch in the older version, one line each. */
async function* legacyEvents(
  body: KubeBody,
  kind: LegacyKind,
  told: Told,
): AsyncGenerator<Uint8Array> {
  for await (const { type, object } of frames(body)) {
    yield Buffer.from(
      `${JSON.stringify({ type, object: legacyAnswer(kind, told, parse(object)) })}\n`,
    );
  }
}

/** JSON of an object without its closing brace, ready for one more member. */
function opened(fields: Fields): string {
  const text = JSON.stringify(fields).slice(0, -1);
  return text === '{' ? text : `${text},`;
}

/**
 * A list in the older version, element by element: no more than one of them is in memory at the
 * same time.
 */
async function* legacyList(
  body: KubeBody,
  kind: LegacyKind,
  told: Told,
): AsyncGenerator<Uint8Array> {
  const slice = new TimeSlice();
  let text = '';
  let member: string | undefined;
  let count = 0;

  for await (const { is, bytes } of listParts(body, ELEMENTS)) {
    if (is === 'item') {
      const element = legacyElement(kind, told, parse(bytes));
      text += `${count === 0 ? '' : ','}${JSON.stringify(element)}`;
      count += 1;
    } else if (is === 'tail') {
      const rest = parse(`{"${member}":${'['}${bytes}`) as Fields;
      delete rest[member!];
      const more = JSON.stringify(legacyListFields(kind, rest));
      text += more === '{}' ? ']}\n' : `],${more.slice(1)}\n`;
    } else if (bytes.at(-1) === 0x5b) {
      const list = parse(`${bytes}]}`) as Fields;
      member = ELEMENTS.findLast((name) => Object.hasOwn(list, name));
      delete list[member!];
      text += `${opened(legacyListFields(kind, list))}"${member}":[`;
    } else if (bytes.byteLength > 0) {
      text += `${JSON.stringify(legacyAnswer(kind, told, parse(bytes)))}\n`;
    }

    if (text.length >= PIECE) {
      yield Buffer.from(text);
      text = '';
    }

    if (slice.isOver) {
      await slice.next();
    }
  }

  if (text !== '') {
    yield Buffer.from(text);
  }
}

/** What a call answers: events, several objects, or one. */
export type AnswerForm = 'watch' | 'list' | 'object';

/** An answer of the Kubernetes API in the older version. Throws 500 for one that cannot be read. */
export async function legacyResponse(
  response: KubeResponse,
  form: AnswerForm,
  kind: LegacyKind,
  told: Told,
): Promise<KubeResponse> {
  const { 'content-length': length, 'content-encoding': encoding, ...headers } = response.headers;
  if (!String(headers['content-type'] ?? '').startsWith('application/json')) {
    return response;
  }

  if (encoding !== undefined && encoding !== 'identity') {
    throw internalError('the Kubernetes API answered in an encoding that nobody asked for');
  }

  if (response.status === 200 && form === 'watch') {
    return { ...response, headers, body: legacyEvents(response.body, kind, told) };
  }

  const isLong = !isWhole(response.body) || response.body.byteLength > WHOLE_LIMIT;
  if (response.status === 200 && form === 'list' && isLong && !(Number(length) <= WHOLE_LIMIT)) {
    return { ...response, headers, body: legacyList(response.body, kind, told) };
  }

  const bytes = await readBody(response.body, OBJECT_LIMIT);
  if (bytes.byteLength === 0) {
    return { ...response, headers, body: bytes };
  }

  const answer = legacyAnswer(kind, told, parse(bytes));

  return { ...response, headers, body: Buffer.from(`${JSON.stringify(answer)}\n`) };
}
