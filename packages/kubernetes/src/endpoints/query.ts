/** A boolean of a query: there and not `false` or `0`, as Kubernetes reads it. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== '0' && text.toLowerCase() !== 'false';
}
