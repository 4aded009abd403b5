import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { internalError } from '@ks-apiserver/apimachinery/meta/errors';
import {
  isWhole,
  type KubeBody,
  type KubeResponse,
  readBody,
} from '@ks-apiserver/apimachinery/transport/transport';
import { frames } from '@ks-apiserver/client/kube/watch-frames';
import { toLegacyAnswer, toLegacyElement, toLegacyListFields } from '../convert-objects.ts';
import { type Fields, isFields, withField } from '../fields.ts';
import type { LegacyKind, VersionMapping } from '../legacy-kind.ts';
import { listParts } from './list-parts.ts';

/** Largest answer about one object, in bytes. */
const OBJECT_LIMIT = 16 * 1024 * 1024;

/** Lists up to this size are converted in one piece, in bytes. */
const WHOLE_LIMIT = 256 * 1024;

/** Size of the pieces in which converted elements are sent, in bytes. */
const PIECE = 64 * 1024;
const ELEMENTS = ['items', 'rows'];

function parse(bytes: Buffer | string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw internalError('the Kubernetes API answered with no JSON', error);
  }
}

function parseFields(text: string): Fields {
  const value = parse(text);
  if (!isFields(value)) {
    throw internalError('the Kubernetes API answered with no object');
  }

  return value;
}

/** Converts the events of a watch, one line each. */
async function* toLegacyEvents(
  body: KubeBody,
  kind: LegacyKind,
  mapping: VersionMapping,
): AsyncGenerator<Uint8Array> {
  for await (const { type, object } of frames(body)) {
    yield Buffer.from(
      `${JSON.stringify({ type, object: toLegacyAnswer(kind, mapping, parse(object)) })}\n`,
    );
  }
}

/** JSON of an object without its closing brace, ready for one more member. */
function openJson(fields: Fields): string {
  const text = JSON.stringify(fields).slice(0, -1);
  return text === '{' ? text : `${text},`;
}

/** Converts a list element by element: only one of them is in memory at a time. */
async function* toLegacyList(
  body: KubeBody,
  kind: LegacyKind,
  mapping: VersionMapping,
): AsyncGenerator<Uint8Array> {
  const slice = new TimeSlice();
  let text = '';
  let member = '';
  let count = 0;

  for await (const { is, bytes } of listParts(body, ELEMENTS)) {
    if (is === 'item') {
      const element = toLegacyElement(kind, mapping, parse(bytes));
      text += `${count === 0 ? '' : ','}${JSON.stringify(element)}`;
      count += 1;
    } else if (is === 'tail') {
      const rest = withField(parseFields(`{"${member}":[${bytes}`), member, undefined);
      const more = JSON.stringify(toLegacyListFields(kind, rest));
      text += more === '{}' ? ']}\n' : `],${more.slice(1)}\n`;
    } else if (bytes.at(-1) === 0x5b) {
      const list = parseFields(`${bytes}]}`);
      member = ELEMENTS.findLast((name) => Object.hasOwn(list, name)) ?? '';
      text += `${openJson(toLegacyListFields(kind, withField(list, member, undefined)))}"${member}":[`;
    } else if (bytes.byteLength > 0) {
      text += `${JSON.stringify(toLegacyAnswer(kind, mapping, parse(bytes)))}\n`;
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

/** What an answer contains: events, several objects, or one. */
export type AnswerForm = 'watch' | 'list' | 'object';

/**
 * Converts an answer of the Kubernetes API to the older version. Throws 500 for one that cannot be
 * parsed.
 */
export async function toLegacyResponse(
  response: KubeResponse,
  form: AnswerForm,
  kind: LegacyKind,
  mapping: VersionMapping,
): Promise<KubeResponse> {
  const { 'content-length': length, 'content-encoding': encoding, ...headers } = response.headers;
  if (!String(headers['content-type'] ?? '').startsWith('application/json')) {
    return response;
  }

  if (encoding !== undefined && encoding !== 'identity') {
    throw internalError('the Kubernetes API answered in an encoding that was not requested');
  }

  if (response.status === 200 && form === 'watch') {
    return { ...response, headers, body: toLegacyEvents(response.body, kind, mapping) };
  }

  const isLong = !isWhole(response.body) || response.body.byteLength > WHOLE_LIMIT;
  if (response.status === 200 && form === 'list' && isLong && !(Number(length) <= WHOLE_LIMIT)) {
    return { ...response, headers, body: toLegacyList(response.body, kind, mapping) };
  }

  const bytes = await readBody(response.body, OBJECT_LIMIT);
  if (bytes.byteLength === 0) {
    return { ...response, headers, body: bytes };
  }

  const answer = toLegacyAnswer(kind, mapping, parse(bytes));

  return { ...response, headers, body: Buffer.from(`${JSON.stringify(answer)}\n`) };
}
