/**
 * Headers of an answer from copies that are not up to date (RFC 7234, 5.5.1), such as
 * `pods;seconds=12`; none for fresh ones.
 */
export function staleHeaders(stale: string | undefined): Record<string, string> {
  return stale === undefined
    ? {}
    : { warning: '110 - "Response is Stale"', 'x-kubesphere-stale': stale };
}
