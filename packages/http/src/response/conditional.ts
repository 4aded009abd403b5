/**
 * Whether a caller already has an entity, by its `If-None-Match` and our `ETag` (RFC 9110, 13.1.2:
 * weak comparison).
 */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) {
    return false;
  }
  if (ifNoneMatch.trim() === '*') {
    return true;
  }

  const opaque = etag.replace(/^W\//, '');

  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}
