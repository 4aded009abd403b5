/** A path under /api or /apis; parts that it lacks are ''. */
export interface ApiPath {
  group: string;
  version: string;
  namespace: string;
  resource: string;
  name: string;
  subresource: string;
  /** True for the legacy `/watch/` paths. */
  legacyWatch: boolean;
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function decode(part: string): string | undefined {
  if (!part.includes('%')) {
    return part;
  }

  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Takes `namespaces/name` off the parts of a path that go on with a resource; '' for others. */
function takeNamespace(parts: string[]): string {
  const [first, name, next] = parts;
  const isSubresource = parts.length === 3 && NAMESPACE_SUBRESOURCES.has(next ?? '');
  if (first !== 'namespaces' || name === undefined || next === undefined || isSubresource) {
    return '';
  }

  parts.splice(0, 2);

  return name;
}

/** Takes the group off the parts of a path: '' below `/api`; undefined for other paths. */
function takeGroup(parts: string[]): string | undefined {
  const prefix = parts.shift();
  if (prefix === 'apis') {
    return parts.shift();
  }

  return prefix === 'api' ? '' : undefined;
}

/**
 * Parses the path of a resource; undefined for other paths (Kubernetes "API Concepts", "Resource
 * URIs").
 */
export function parseApiPath(path: string): ApiPath | undefined {
  const parts: string[] = [];

  for (const part of path.split('/').slice(1)) {
    const text = decode(part);
    if (text === undefined) {
      return undefined;
    }

    parts.push(text);
  }

  if (parts.at(-1) === '') {
    parts.pop();
  }

  const group = takeGroup(parts);
  const version = parts.shift();
  if (group === undefined || !version || parts.length === 0) {
    return undefined;
  }

  const legacyWatch = parts[0] === 'watch' && parts.length > 1;
  if (legacyWatch) {
    parts.shift();
  }

  const namespace = takeNamespace(parts);

  const [resource = '', name = '', ...rest] = parts;
  if (resource === '' || parts.slice(0, 2).includes('')) {
    return undefined;
  }

  return { group, version, namespace, resource, name, subresource: rest.join('/'), legacyWatch };
}
