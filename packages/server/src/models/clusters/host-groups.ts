import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  KubeTransport,
  Upgraded,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { WebSocket } from 'ws';
import type { HostAttributes } from '../authorization/authorizer-types.ts';

/** What a member without KubeSphere has from its host: users, their roles and workspaces. */
const HOST_RESOURCES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'iam.kubesphere.io',
    new Set([
      'users',
      'loginrecords',
      'globalroles',
      'globalrolebindings',
      'workspaceroles',
      'workspacerolebindings',
      'workspacemembers',
      'groups',
      'groupbindings',
      'rolebases',
    ]),
  ],
  ['tenant.kubesphere.io', new Set(['workspaces', 'workspacetemplates'])],
]);

/** API groups of users, their global and workspace roles, and workspaces. */
export const HOST_GROUPS: ReadonlySet<string> = new Set(HOST_RESOURCES.keys());

const GROUP_OF_LISTS = 'resources.kubesphere.io';

/**
 * Whether a call about a member without KubeSphere asks for something that the host keeps: by the
 * API of its group, or by the lists of all resources, where it may be called `plural.group`.
 */
export function isOfHost({ group, resource }: HostAttributes): boolean {
  if (group !== GROUP_OF_LISTS) {
    return HOST_RESOURCES.get(group)?.has(resource) === true;
  }

  const dot = resource.indexOf('.');
  const [plural, named] =
    dot < 0 ? [resource, ''] : [resource.slice(0, dot), resource.slice(dot + 1)];

  return [...HOST_RESOURCES].some(
    ([one, resources]) => resources.has(plural) && (named === '' || named === one),
  );
}

function isPathOfHost(url: string): boolean {
  const [, root, group = ''] = url.split('/', 3);
  return root === 'apis' && HOST_GROUPS.has(group);
}

/**
 * The Kubernetes API of a member without KubeSphere: objects of the host's groups are read at the
 * host, and cannot be written here, since rights in the member must not give any at the host.
 */
export class HostGroupsTransport implements KubeTransport {
  readonly #member: KubeTransport;
  readonly #host: KubeTransport;

  constructor(member: KubeTransport, host: KubeTransport) {
    this.#member = member;
    this.#host = host;
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    if (!isPathOfHost(request.url)) {
      return this.#member.request(request);
    }
    if (request.method !== 'GET') {
      throw new StatusError(
        405,
        'MethodNotAllowed',
        'users, workspaces and their roles are written at the host: make the call without the name of a cluster',
      );
    }

    return this.#host.request(request);
  }

  upgrade(request: KubeRequest): Promise<Upgraded | KubeResponse> {
    return this.#member.upgrade(request);
  }

  webSocket(url: string, protocols: readonly string[], signal: AbortSignal): Promise<WebSocket> {
    return this.#member.webSocket(url, protocols, signal);
  }

  /** The connections belong to others, who end them. */
  async close(): Promise<void> {}
}
