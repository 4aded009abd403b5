/**
 * Whether a caller has an entity already, by his `If-None-Match` and its `ETag` (RFC 9110, 13.1.2:
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
