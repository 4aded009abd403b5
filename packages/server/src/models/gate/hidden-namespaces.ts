/**
 * A list's or watch's URL of the Kubernetes API that leaves namespaces out (Kubernetes "Field
 * Selectors").
 */
export function withoutNamespaces(url: string, hidden: ReadonlySet<string>): string {
  const [path = '', query = ''] = url.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  const wished = parameters.get('fieldSelector');
  const others = [...hidden].map((namespace) => `metadata.namespace!=${namespace}`);

  parameters.set('fieldSelector', [...(wished ? [wished] : []), ...others].join());

  return `${path}?${parameters}`;
}
