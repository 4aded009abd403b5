import {
  isWhole,
  type KubeRequest,
  type KubeResponse,
} from '@ks-apiserver/apimachinery/transport/transport';
import { LARGE_BYTES, yieldBetweenLargeSteps } from '../../registry/store/large-work.ts';

/** Larger responses are not indented, in bytes. */
const MAX_PRETTY_BYTES = 1024 * 1024;

/**
 * Responses that become longer than this, in characters, are not indented either: indentation makes
 * deeply nested lists 250 times as long.
 */
const MAX_INDENTED = 8 * 1024 * 1024;

/** User agents of people at a terminal or a browser (kube-apiserver's isPrettyPrint). */
const PEOPLE = ['curl', 'Wget', 'Mozilla/5.0'];
const TRUE = new Set(['1', 't', 'T', 'true', 'True', 'TRUE']);

/** Whether a response is indented for people. */
export function isForPeople(request: KubeRequest, query: URLSearchParams): boolean {
  const value = query.get('pretty');
  if (value) {
    return TRUE.has(value);
  }

  const agent = request.headers['user-agent'] ?? '';

  return PEOPLE.some((name) => agent.startsWith(name));
}

/** A token of JSON without spaces: a string, another literal, or a punctuation mark. */
const STEP = /"[^"\\]*(?:\\.[^"\\]*)*"|[^"{}[\]:,]+|\{\}|\[\]|[{}[\]:,]/gy;

/**
 * Indents JSON without spaces by two, as `JSON.stringify` does, in pieces of about `size`
 * characters.
 */
export function* indent(json: string, size: number): Generator<string, void> {
  let piece = '';
  let newline = '\n';

  for (const [step] of json.matchAll(STEP)) {
    switch (step) {
      case '{':
      case '[':
        newline += '  ';
        piece += step + newline;
        break;
      case '}':
      case ']':
        newline = newline.slice(0, -2);
        piece += newline + step;
        break;
      case ',':
        piece += step + newline;
        break;
      case ':':
        piece += ': ';
        break;
      default:
        piece += step;
    }

    if (piece.length < size) {
      continue;
    }

    yield piece;
    piece = '';
  }

  if (piece !== '') {
    yield piece;
  }
}

/** Indents a JSON response where `pretty` asks for it, or the client is a browser or the like. */
export async function pretty(
  request: KubeRequest,
  query: URLSearchParams,
  response: KubeResponse,
): Promise<KubeResponse> {
  const { body, headers } = response;
  if (headers['content-type'] !== 'application/json' || !isWhole(body) || body.byteLength === 0) {
    return response;
  }
  if (body.byteLength > MAX_PRETTY_BYTES || !isForPeople(request, query)) {
    return response;
  }

  const pieces: Buffer[] = [];
  let length = 0;

  for (const piece of indent(Buffer.from(body).toString('utf8'), LARGE_BYTES)) {
    length += piece.length;
    if (length > MAX_INDENTED) {
      return response;
    }

    pieces.push(Buffer.from(piece));
    if (piece.length >= LARGE_BYTES) {
      await yieldBetweenLargeSteps();
    }
  }

  return { ...response, body: Buffer.concat(pieces) };
}
