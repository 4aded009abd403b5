import { memoize } from '@ks-apiserver/apimachinery/cache/memoize';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';

/**
 * What a URL asks for, in the terms of authorization and audit: Kubernetes' RequestInfo with
 * workspaces and DevOps projects.
 */
export interface RequestInfo {
  readonly isResource: boolean;
  /** True for paths below `/api` and `/apis`. */
  readonly isKubernetes: boolean;
  /** Decoded path of the URL. */
  readonly path: string;
  /** Kubernetes verb, or the HTTP method in upper case for a path that is no resource. */
  readonly verb: string;
  readonly apiPrefix: string;
  readonly cluster: string;
  readonly group: string;
  readonly version: string;
  readonly workspace: string;
  readonly namespace: string;
  readonly devops: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /**
   * A list whose handler returns only what the caller may see. Set by nobody but the handler's
   * route, in a copy for one call.
   */
  visibleOnly: boolean;
  readonly scope: 'Cluster' | 'Workspace' | 'Namespace' | 'DevOps';
}

/** A request that asks for nothing yet, from which others are made. */
export const NO_REQUEST: Readonly<RequestInfo> = Object.freeze({
  isResource: false,
  isKubernetes: false,
  path: '/',
  verb: '',
  apiPrefix: '',
  cluster: '',
  group: '',
  version: '',
  workspace: '',
  namespace: '',
  devops: '',
  resource: '',
  subresource: '',
  name: '',
  visibleOnly: false,
  scope: 'Cluster',
});

const PREFIXES = new Set(['api', 'apis', 'kapis', 'kapi']);
const GROUPLESS = new Set(['api', 'kapi']);

const VERBS: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/**
 * Resources that a watch with a workspace label may show to the workspace's members: members cannot
 * forge the label on these.
 */
const WORKSPACE_WATCHES = new Set([
  'namespaces',
  'workspaces',
  'workspaceroles',
  'workspacerolebindings',
]);

const NODE_PROXIES = new Set(['nodes']);

/** Resources of a namespace that are proxies to what runs there. */
export const NAMESPACED_PROXIES: ReadonlySet<string> = new Set(['pods', 'services']);

/**
 * Paths that clients of Kubernetes read before anything else: the groups, versions and resources
 * that are served, and their schemas.
 */
const DISCOVERY =
  /^\/(version|api(\/[^/]+)?|apis(\/[^/]+){0,2}|openapi\/v2|openapi\/v3(\/.+)?)\/?$/;

/**
 * Subresources that give access to a running container: WebSockets ask for them by GET, and a
 * caller who may only read must not get them, as in Kubernetes 1.35.
 */
export const PROCESSES: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward']);

const WORKSPACE_SELECTOR = 'kubesphere.io/workspace=';

/** A segment that needs no decoding and is no dot segment. */
const PLAIN = /^[A-Za-z0-9_:-][A-Za-z0-9._~:-]*$/;
const NO_QUERY = new URLSearchParams();

/**
 * Decodes one segment. Throws for a slash, a dot segment or a control character hidden by
 * percent-encoding: backends would read another path than the one that was authorized.
 */
function decodeSegment(segment: string): string {
  if (PLAIN.test(segment)) {
    return segment;
  }

  let decoded: string;

  try {
    decoded = decodeURIComponent(segment);
  } catch {
    throw badRequest(`the path segment "${segment}" is not valid percent-encoding`);
  }

  if (decoded.includes('/') || decoded === '.' || decoded === '..' || /[\p{Cc}\\]/u.test(decoded)) {
    throw badRequest(
      `the path segment "${segment}" must not hold an encoded slash, dot segment or control character`,
    );
  }

  return decoded;
}

/**
 * Checks a segment of a proxied service's own path and returns it unchanged. Throws for dot
 * segments, also hidden ones: a proxy that resolves them would leave the service that was
 * authorized for any path of the Kubernetes API.
 */
function proxiedSegment(segment: string): string {
  let decoded = segment;

  try {
    decoded = decodeURIComponent(segment);
  } catch {
    // Broken encoding is the service's business.
  }

  if (/(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i.test(decoded) || segment.includes('\\')) {
    throw badRequest(`the path segment "${segment}" must not hold a dot segment or backslash`);
  }

  return segment;
}

/**
 * Returns the index of the segment after which the path belongs to a proxied pod, service or node;
 * -1 without one. A namespace may be called `proxy`.
 */
function proxyIndex(raw: readonly string[]): number {
  const start = raw[1] === 'clusters' ? 2 : 0;
  for (const [kinds, index] of [
    [NODE_PROXIES, start + 4],
    [NAMESPACED_PROXIES, start + 6],
  ] as const) {
    if (raw[0] === 'api' && raw[index] === 'proxy' && kinds.has(raw[index - 2] ?? '')) {
      return index;
    }
  }

  return -1;
}

/**
 * Whether a query asks for a watch. For Kubernetes: any value but `0` and `false`, also the empty
 * one. For KubeSphere: any value that Go does not parse as false, because a value that is no
 * boolean is refused later.
 */
function asksForWatch(query: URLSearchParams, { isKubernetes }: RequestInfo): boolean {
  const value = query.get('watch');
  const no = isKubernetes ? /^(0|false)$/i : /^(0|f|F|false|False|FALSE)$/;
  return value !== null && !no.test(value);
}

/** Returns the name that a field selector requires exactly, or ''. */
function pinnedName(fieldSelector: string | null): string {
  const match = /^metadata\.name==?([^,=!]+)$/.exec(fieldSelector ?? '');
  return match?.[1] && match[1] !== '.' && match[1] !== '..' && !/[/%]/.test(match[1])
    ? match[1]
    : '';
}

/** Returns the innermost level that a call names. */
export function scopeOf(
  info: Pick<RequestInfo, 'namespace' | 'devops' | 'workspace'>,
): RequestInfo['scope'] {
  if (info.namespace) {
    return 'Namespace';
  }
  if (info.devops) {
    return 'DevOps';
  }

  return info.workspace ? 'Workspace' : 'Cluster';
}

/**
 * Whether a call only reads what the Kubernetes API serves (Kubernetes' ClusterRole
 * `system:discovery`).
 */
export function readsDiscovery({
  isKubernetes,
  isResource,
  cluster,
  path,
  verb,
}: RequestInfo): boolean {
  return (
    isKubernetes &&
    !isResource &&
    cluster === '' &&
    (verb === 'GET' || verb === 'HEAD') &&
    DISCOVERY.test(path)
  );
}

/** Results for longer paths are not remembered. */
const REMEMBERED_LENGTH = 256;

/** Finds queries that change what a call asks for, by parameters or by characters that may hide them. */
const CHANGES_CALL = /watch|fieldSelector|labelSelector|[%#\p{Cc}]/u;

/** Parses method and path, separated by a space: clients ask for the same ones again and again. */
const parseRemembered = memoize(2_000, (text): RequestInfo => {
  const space = text.indexOf(' ');
  return Object.freeze(parse(text.slice(0, space), text.slice(space + 1)));
});

/**
 * Parses a request's method and URL (path and query, still encoded). Callers share the results.
 * Throws BadRequest for paths that hide others.
 */
export function parseRequestInfo(method: string, url: string): RequestInfo {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);

  if (path.length > REMEMBERED_LENGTH || (mark >= 0 && CHANGES_CALL.test(url.slice(mark)))) {
    return parse(method, url);
  }

  return parseRemembered(`${method} ${path}`);
}

/** A request while it is parsed. */
type Parsed = { -readonly [Field in keyof RequestInfo]: RequestInfo[Field] };

function parse(method: string, url: string): RequestInfo {
  // URL parsers drop these characters, and everything behind a hash sign: they would read another
  // path or query than this function.
  if (/[#\p{Cc}]/u.test(url)) {
    throw badRequest('the request target must not hold a hash sign or control character');
  }

  const mark = url.indexOf('?');
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  const raw = rawPath.split('/').filter((segment) => segment !== '');

  // What follows `proxy` is the proxied service's own path and is passed on unchanged.
  const proxy = proxyIndex(raw);
  const parts = raw.map((segment, i) =>
    proxy > 0 && i > proxy ? proxiedSegment(segment) : decodeSegment(segment),
  );

  const info: Parsed = {
    ...NO_REQUEST,
    path:
      rawPath === ''
        ? '/'
        : `/${parts.join('/')}${rawPath.length > 1 && rawPath.endsWith('/') ? '/' : ''}`,
    verb: method.toUpperCase(),
  };

  const [prefix = '', ...below] = parts;
  if (parts.length < 3 || !PREFIXES.has(prefix)) {
    info.isKubernetes = DISCOVERY.test(info.path);
    return info;
  }

  info.apiPrefix = prefix;
  info.isKubernetes = info.apiPrefix === 'api' || info.apiPrefix === 'apis';

  let rest = below;
  if (rest[0] === 'clusters') {
    info.cluster = rest[1] ?? '';
    if (rest.length > 2) {
      rest = rest.slice(2);
    }
  }

  if (!GROUPLESS.has(info.apiPrefix)) {
    if (rest.length < 3) {
      return info;
    }

    info.group = rest[0] ?? '';
    rest = rest.slice(1);
  }

  info.isResource = true;
  info.version = rest[0] ?? '';
  rest = rest.slice(1);
  if (rest[0] === 'watch' || rest[0] === 'proxy') {
    if (rest.length < 2) {
      throw badRequest(`unable to determine kind and namespace from url: ${rawPath}`);
    }

    // A write must not be taken for a watch.
    if (rest[0] === 'watch' && method !== 'GET' && method !== 'HEAD') {
      throw badRequest(`${method} is not allowed on ${rawPath}`);
    }

    info.verb = rest[0];
    rest = rest.slice(1);
  } else {
    info.verb = VERBS[info.verb] ?? '';
  }

  if (rest[0] === 'workspaces') {
    info.workspace = rest[1] ?? '';
    if (rest.length > 2) {
      rest = rest.slice(2);
    }
  }

  if (rest[0] === 'namespaces') {
    info.namespace = rest[1] ?? '';
    if (rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') {
      rest = rest.slice(2);
    }
  } else if (rest[0] === 'devops') {
    info.devops = rest[1] ?? '';
    if (rest.length > 2) {
      rest = rest.slice(2);
    }
  }

  info.scope = scopeOf(info);
  info.resource = rest[0] ?? '';
  info.name = rest[1] ?? '';
  info.subresource = info.verb === 'proxy' ? '' : (rest[2] ?? '');
  refineVerb(info, query);

  return info;
}

/** Tells list and watch from get, and deletecollection from delete, by name and query. */
function refineVerb(info: Parsed, query: URLSearchParams): void {
  if (info.name === '' && info.verb === 'get') {
    info.verb = asksForWatch(query, info) ? 'watch' : 'list';
    info.name = pinnedName(query.get('fieldSelector'));
  }

  if (
    info.isKubernetes &&
    info.verb === 'get' &&
    info.resource === 'pods' &&
    PROCESSES.has(info.subresource)
  ) {
    info.verb = 'create';
  }

  if (info.name === '' && info.verb === 'delete') {
    info.verb = 'deletecollection';
  }

  const selector = query.get('labelSelector') ?? '';
  if (
    info.verb === 'watch' &&
    selector.startsWith(WORKSPACE_SELECTOR) &&
    WORKSPACE_WATCHES.has(info.resource)
  ) {
    const workspace = selector.slice(WORKSPACE_SELECTOR.length);
    // With an empty name, or with further requirements, it is a watch of the whole cluster.
    if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(workspace)) {
      info.workspace = workspace;
      info.scope = 'Workspace';
    }
  }
}
