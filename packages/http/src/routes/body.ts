import type { IncomingMessage } from 'node:http';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { parse } from 'secure-json-parse';
import { readRequestBody } from '../request/request-body.ts';

export { hasBody, readRequestBody } from '../request/request-body.ts';

/** Largest body of a KubeSphere call, in bytes, also after decompression. */
export const BODY_LIMIT = 3 * 1024 * 1024;

/** Largest body of a call below /oauth, and of a form, in bytes. */
export const SMALL_BODY_LIMIT = 64 * 1024;

const FORM = 'application/x-www-form-urlencoded';

/**
 * Returns the media type of a request's body in lower case, without parameters; '' when there is
 * none.
 */
export function mediaType(req: IncomingMessage): string {
  const [type = ''] = (req.headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/** Parses the form parameters of a body. Throws 400 for broken percent-encoding. */
function parseForm(text: string): URLSearchParams {
  const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (broken) {
    throw badRequest(`invalid URL escape "${broken[0]}"`);
  }

  return new URLSearchParams(text);
}

/**
 * Parses JSON and drops every key `__proto__`: code that copies keys one by one would change an
 * object's prototype. Throws 400.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') {
    throw badRequest('EOF: the body is empty, JSON was expected');
  }

  try {
    return parse(text, undefined, { protoAction: 'remove', constructorAction: 'ignore' });
  } catch (error) {
    throw badRequest(`invalid character in the body: ${(error as Error).message}`);
  }
}

/**
 * Decodes a request's body: a form as URLSearchParams, JSON as its value. Throws 400, 408, 413, 415
 * or 429.
 */
export async function decodeBody(
  req: IncomingMessage,
  consumes: readonly string[] | undefined,
  limit: number,
): Promise<unknown> {
  const type = mediaType(req);
  if (type === FORM && consumes?.includes(FORM)) {
    return parseForm((await readRequestBody(req, Math.min(limit, SMALL_BODY_LIMIT))).toString());
  }
  if (type !== 'application/json' && !/^application\/[a-z-]+\+json$/.test(type)) {
    throw badRequest(`[ServiceError:400] Unable to unmarshal content of type:${type}`);
  }

  return parseJson((await readRequestBody(req, limit)).toString());
}
