import { createHash } from 'node:crypto';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';

/** `Cache-Control` of a document that must be revalidated. */
export const NOT_KEPT = 'no-cache, private';

const tags = new WeakMap<Buffer, string>();

/** The entity tag of a cached document (RFC 9110 section 8.8.3), computed once. */
function tagOf(body: Buffer): string {
  let tag = tags.get(body);
  if (tag === undefined) {
    tag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`;
    tags.set(body, tag);
  }

  return tag;
}

/**
 * A response with a document that clients cache: with its entity tag, or 304 where the client has
 * it.
 */
export function taggedDocument(
  { headers: { 'if-none-match': known } }: Pick<KubeRequest, 'headers'>,
  body: Buffer,
  headers: KubeResponse['headers'],
): KubeResponse {
  const etag = tagOf(body);
  if (known !== etag) {
    return { status: 200, headers: { ...headers, etag }, body };
  }

  const { 'content-type': _, ...kept } = headers;

  return { status: 304, headers: { ...kept, etag }, body: Buffer.alloc(0) };
}
