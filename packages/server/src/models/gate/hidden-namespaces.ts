/**
 * Returns the URL of a list or watch with a field selector that leaves namespaces out (Kubernetes
 * "Field Selectors").
 */
export function withoutNamespaces(url: string, hidden: ReadonlySet<string>): string {
  const [path = '', query = ''] = url.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  const own = parameters.get('fieldSelector');
  const others = [...hidden].map((namespace) => `metadata.namespace!=${namespace}`);

  parameters.set('fieldSelector', [...(own ? [own] : []), ...others].join());

  return `${path}?${parameters}`;
}
