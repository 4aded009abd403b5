import { badRequest, StatusError, toStatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  KubeRequest,
  KubeResponse,
  UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { requestBody } from '@ks-apiserver/kubernetes/endpoints/codec/body';
import type { CallGuard, CallOrigin } from '@ks-apiserver/kubernetes/server/listen';
import type { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import type { Auditor } from '../models/auditing/auditor.ts';
import { SYSTEM_NAMESPACES } from '../models/authorization/platform-namespaces.ts';
import type { Gate, GateCall } from '../models/gate/gate.ts';
import { ANONYMOUS } from '../models/iam/login/authenticate.ts';
import { auditedCall, recordCall, type SecureCall } from './audited-call.ts';

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

/** Kubelets renew leases and report states all the time, which is no news about anybody. */
function isRecorded({ name, groups }: UserInfo): boolean {
  return !COMPONENTS.test(name) && !groups.includes('system:nodes');
}

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
  #auditor: Auditor | undefined;

  constructor(api: KubeApiServer) {
    this.#api = api;
  }

  /** Opens the port for users. */
  useGate(gate: Gate): void {
    this.#gate = gate;
  }

  /** Records calls from now on. */
  useAuditor(auditor: Auditor): void {
    this.#auditor = auditor;
  }

  async call(request: KubeRequest, user: UserInfo, origin: CallOrigin): Promise<KubeResponse> {
    const info = parseRequestInfo(request.method, request.url);
    const handle = (one: KubeRequest) => this.#handle(one, user, info);

    return this.#auditor && isRecorded(user)
      ? auditedCall(this.#auditor, { request, info, user, origin }, handle)
      : handle(request);
  }

  async #handle(request: KubeRequest, user: UserInfo, info: RequestInfo): Promise<KubeResponse> {
    const isOfKubernetes = isComponent(user);

    // Kubernetes' own components need not wait for this server.
    if (isOfKubernetes && !this.#gate) {
      return this.#api.handle(request, user);
    }

    const gate = this.#opened();

    const call: GateCall = {
      caller: user,
      info,
      request,
      readBody: () => requestBody(request),
      kubernetes: { request: (one) => this.#api.handle(one, user) },
      own: this.#api,
      isAuthorizedByKubernetes: true,
    };

    return isOfKubernetes ? gate.callOfComponent(call) : gate.call(call);
  }

  refused(request: KubeRequest, error: unknown, origin: CallOrigin): void {
    const info = parseRequestInfo(request.method, request.url);
    this.#record({ request, info, user: ANONYMOUS, origin }, toStatusError(error).code);
  }

  upgrade(request: KubeRequest, user: UserInfo, origin: CallOrigin): KubeRequest {
    const info = parseRequestInfo(request.method, request.url);
    const call = { request, info, user, origin };

    try {
      const served = this.#checkedUpgrade(call);
      this.#record(call, 101);

      return served;
    } catch (error) {
      this.#record(call, toStatusError(error).code);
      throw error;
    }
  }

  #record(call: SecureCall, status: number): void {
    if (this.#auditor && isRecorded(call.user)) {
      recordCall(this.#auditor, call, status);
    }
  }

  #checkedUpgrade({ request, info, user }: SecureCall): KubeRequest {
    if (isComponent(user)) {
      return request;
    }

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
