/**
 * Returns the headers of an answer from informers that are not up to date (RFC 7234, 5.5.1), such
 * as `pods;seconds=12`; none when all are.
 */
export function staleHeaders(stale: string | undefined): Record<string, string> {
  return stale === undefined
    ? {}
    : { warning: '110 - "Response is Stale"', 'x-kubesphere-stale': stale };
}
