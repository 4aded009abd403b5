import { type GroupVersionResource, groupVersionPath } from '@ks-apiserver/apimachinery/meta/types';

/**
 * Returns the path of a resource's collection or, with a name, of one object or its subresource;
 * every segment is percent-encoded.
 */
export function resourcePath(
  resource: GroupVersionResource,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  let path = groupVersionPath(resource);

  if (namespace) {
    path += `/namespaces/${encodeURIComponent(namespace)}`;
  }

  path += `/${resource.resource}`;

  if (name !== undefined) {
    path += `/${encodeURIComponent(name)}`;
  }
  if (subresource) {
    path += `/${subresource}`;
  }

  return path;
}

/** Builds a query string from the parameters that are set; '' when none is. */
export function queryOf(parameters: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();

  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '' && value !== false) {
      query.set(key, String(value));
    }
  }

  const text = query.toString();

  return text === '' ? '' : `?${text}`;
}
