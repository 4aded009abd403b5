/** A boolean of a query as Kubernetes reads it: present and not `false` or `0`. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== '0' && text.toLowerCase() !== 'false';
}
