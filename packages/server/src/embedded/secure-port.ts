import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { requestBody } from '@ks-apiserver/kubernetes/endpoints/codec/body';
import type { CallGuard } from '@ks-apiserver/kubernetes/server/listen';
import type { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { SYSTEM_NAMESPACES } from '../models/authorization/platform-namespaces.ts';
import type { Gate, GateCall } from '../models/gate/gate.ts';

const RETRY_SECONDS = 1;

/**
 * Groups of Kubernetes' own components, and of ServiceAccounts that only callers with all rights
 * can act as.
 */
const COMPONENT_GROUPS: ReadonlySet<string> = new Set([
  'system:masters',
  'system:nodes',
  ...[...SYSTEM_NAMESPACES].map((namespace) => `system:serviceaccounts:${namespace}`),
]);

const COMPONENTS = /^system:kube-(scheduler|controller-manager|proxy)$/;

function isComponent({ name, groups }: UserInfo): boolean {
  return COMPONENTS.test(name) || groups.some((group) => COMPONENT_GROUPS.has(group));
}

/**
 * Passes calls at the secure port of the embedded API through the gate: RBAC decides what a user
 * may do, as in Kubernetes, and the gate what that grants and what the answer shows. Kubernetes'
 * own components pass unchanged.
 */
export class SecurePortGuard implements CallGuard {
  readonly #api: KubeApiServer;
  #gate: Gate | undefined;

  constructor(api: KubeApiServer) {
    this.#api = api;
  }

  /** Opens the port for users. */
  useGate(gate: Gate): void {
    this.#gate = gate;
  }

  async call(request: KubeRequest, user: UserInfo): Promise<KubeResponse> {
    const isOfKubernetes = isComponent(user);

    // Kubernetes' own components need not wait for this server.
    if (isOfKubernetes && !this.#gate) {
      return this.#api.handle(request, user);
    }

    const gate = this.#opened();

    const call: GateCall = {
      caller: user,
      info: parseRequestInfo(request.method, request.url),
      request,
      readBody: () => requestBody(request),
      kubernetes: { request: (one) => this.#api.handle(one, user) },
      own: this.#api,
      isAuthorizedByKubernetes: true,
    };

    return isOfKubernetes ? gate.callOfComponent(call) : gate.call(call);
  }

  upgrade(request: KubeRequest, user: UserInfo): KubeRequest {
    if (isComponent(user)) {
      return request;
    }

    const info = parseRequestInfo(request.method, request.url);
    const gate = this.#opened();
    if (gate.hiddenFields(user, info)) {
      throw badRequest('watches of this resource are served without an upgrade');
    }

    return gate.restrict({ caller: user, info, request, isAuthorizedByKubernetes: true });
  }

  #opened(): Gate {
    if (!this.#gate) {
      throw new StatusError(503, 'ServiceUnavailable', 'the server is starting: try again', {
        retryAfterSeconds: RETRY_SECONDS,
      });
    }

    return this.#gate;
  }
}
