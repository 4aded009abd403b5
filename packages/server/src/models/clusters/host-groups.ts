import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  KubeTransport,
  Upgraded,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { WebSocket } from 'ws';

/**
 * API groups of users, their global and workspace roles, and workspaces: for a member without
 * KubeSphere those of the host count.
 */
export const HOST_GROUPS: ReadonlySet<string> = new Set([
  'iam.kubesphere.io',
  'tenant.kubesphere.io',
]);

function isOfHost(url: string): boolean {
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
    if (!isOfHost(request.url)) {
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
