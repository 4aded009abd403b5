import type { IncomingMessage } from 'node:http';
import { createGunzip, createInflate } from 'node:zlib';
import { badRequest, requestTooLarge, StatusError } from '@ks-apiserver/apimachinery/meta/errors';

/** Largest body of a KubeSphere call, in bytes, also after decompression. */
export const BODY_LIMIT = 3 * 1024 * 1024;
const FORM_LIMIT = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** Reads all of a body, decompressed. Throws 413 when it is larger than `limit` bytes and 400 when it breaks off. */
export async function readRequestBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = (req.headers['content-encoding'] ?? 'identity').toLowerCase();
  const decoder = encoding === 'gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : undefined;
  if (!decoder && encoding !== 'identity')
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      `Content-Encoding ${encoding} is not supported: use gzip or deflate`,
    );
  const stream = decoder ? req.pipe(decoder) : req;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > limit) throw requestTooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest(`the body cannot be read: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks, size);
}

/** Media type of a request's body in lower case, without parameters; '' when it names none. */
export function mediaType(req: IncomingMessage): string {
  return (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}

/** Whether a request brings a body. */
export function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** Form parameters of a body. Throws 400 for broken percent-encoding. */
function parseForm(text: string): URLSearchParams {
  const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (broken) throw badRequest(`invalid URL escape "${broken[0]}"`);
  return new URLSearchParams(text);
}

/** Parses JSON so that no key can reach an object's prototype. Throws 400. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw badRequest('EOF: the body is empty, JSON was expected');
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (error) {
    throw badRequest(`invalid character in the body: ${(error as Error).message}`);
  }
}

/** Decodes a request's body: a form as URLSearchParams, JSON as its value. Throws 400, 413 or 415. */
export async function decodeBody(req: IncomingMessage, consumes: readonly string[] | undefined): Promise<unknown> {
  const type = mediaType(req);
  if (type === FORM && consumes?.includes(FORM)) return parseForm((await readRequestBody(req, FORM_LIMIT)).toString());
  if (type !== 'application/json' && !/^application\/[a-z-]+\+json$/.test(type)) {
    throw badRequest(`[ServiceError:400] Unable to unmarshal content of type:${type}`);
  }
  return parseJson((await readRequestBody(req, BODY_LIMIT)).toString());
}
