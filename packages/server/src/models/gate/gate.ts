import { SECRETS, USERS } from '@ks-apiserver/api/resources';
import type { User } from '@ks-apiserver/api/user';
import { forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
  readBody,
  type UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorization/authorizer.ts';
import { selfReviewOf } from '../authorization/restrictions/self-reviews.ts';
import { endangersPlatform } from '../authorization/system-namespaces.ts';
import type { Effects } from '../iam/grants/effects.ts';
import {
  effectsOfWrite,
  givesRights,
  warningHeader,
  warningsOf,
} from '../iam/grants/write-effects.ts';
import { hashPlainPassword } from '../iam/passwords/plain-passwords.ts';
import type { Scopes } from '../iam/roles/scopes.ts';
import { checkUserName } from '../iam/users/user-names.ts';
import { asReadable, redactedResponse } from '../redaction/redacted-response.ts';
import { type SecretFields, secretFieldsOf } from '../redaction/redaction.ts';
import type { Verdict } from './attempt.ts';
import { CallerClient } from './caller-client.ts';
import { withoutNamespaces } from './hidden-namespaces.ts';
import { ReviewedWrite } from './reviewed-write.ts';
import type { WriteReview } from './write-review.ts';

/** Largest object that is read before it is deleted, in bytes. */
const OBJECT_LIMIT = 16 * 1024 * 1024;
const METHODS_WITH_OBJECT = new Set(['POST', 'PUT', 'PATCH']);

/** Makes calls to a Kubernetes API. */
export type Requester = Pick<KubeTransport, 'request'>;

/** A call to the Kubernetes API that a caller makes. */
export interface GateCall {
  caller: UserInfo;
  info: RequestInfo;
  /** As it is to be forwarded. */
  request: KubeRequest;
  /** Reads the whole body, decompressed; at most once. Throws 400, 413, 415. */
  readBody: () => Promise<Buffer>;
  /**
   * Where the call goes: made with the server's own rights, or with the caller's if the Kubernetes
   * API checks them itself.
   */
  kubernetes: Requester;
  /** The same API with the server's own rights, for the reads and writes of a review. */
  own: Requester;
  /** Whether the Kubernetes API and not this server decides by the caller's rights. */
  isAuthorizedByKubernetes: boolean;
}

export interface GateDependencies {
  client: KubeClient;
  authorizer: Authorizer;
  review: WriteReview;
  effects: Effects;
  scopes: Scopes;
  /** Whether a namespace is that of a DevOps project: its Secrets may be credentials of Jenkins. */
  isDevOpsNamespace: (namespace: string) => boolean;
}

/**
 * Makes all calls of callers to the Kubernetes API: those of handlers, of the proxy of `/api` and
 * `/apis`, of upgrades and of the embedded API's secure port. It reviews writes and removes from
 * answers what the caller may not see.
 */
export class Gate {
  readonly #dependencies: GateDependencies;

  constructor(dependencies: GateDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns the client by which handlers write for a caller. */
  clientFor(caller: UserInfo): CallerClient {
    return new CallerClient(this.#dependencies.client, this.#dependencies.review, caller);
  }

  /** Returns the fields of a kind that a caller does not see; undefined for none. */
  hiddenFields(caller: UserInfo, info: RequestInfo): SecretFields | undefined {
    // Other namespaces have no credentials of Jenkins: their Secrets are read and written as always.
    if (
      isSecret(info) &&
      info.namespace !== '' &&
      !this.#dependencies.isDevOpsNamespace(info.namespace)
    ) {
      return undefined;
    }

    const fields = secretFieldsOf(info);

    return fields?.shownToAdministrators && this.#dependencies.authorizer.holdsEverything(caller)
      ? undefined
      : fields;
  }

  /**
   * Returns a call as it may be made: one that reads credentials of all namespaces leaves out those
   * of the platform. Throws Forbidden for a call that endangers the platform, if the Kubernetes API
   * is to authorize it.
   */
  restrict({
    caller,
    info,
    request,
    isAuthorizedByKubernetes,
  }: Omit<GateCall, 'readBody' | 'kubernetes' | 'own'>): KubeRequest {
    const { authorizer } = this.#dependencies;

    // Kubernetes' own identities, such as ServiceAccounts, have the rights that an administrator
    // gave them there.
    if (isAuthorizedByKubernetes && caller.name.startsWith('system:')) {
      return request;
    }

    if (
      isAuthorizedByKubernetes &&
      endangersPlatform(info) &&
      !authorizer.holdsEverything(caller)
    ) {
      const { group, resource, name, namespace } = info;
      throw forbidden(
        { group, resource, ...(name !== '' && { name }) },
        `User "${caller.name}" may not do this in the namespace "${namespace}" of the platform`,
      );
    }

    const hidden = authorizer.hiddenFrom(caller, info);

    return hidden ? { ...request, url: withoutNamespaces(request.url, hidden) } : request;
  }

  /**
   * Makes a call. Throws Forbidden for a write that grants rights which its caller does not have.
   * Calls that need no review are streamed.
   */
  async call(call: GateCall): Promise<KubeResponse> {
    const request = this.restrict(call);
    const { caller, info, kubernetes } = call;
    const review = call.isAuthorizedByKubernetes ? undefined : selfReviewOf(info);
    if (review) {
      const response = await kubernetes.request(asReadable(request));
      return replaceStatus(response, (spec) => review(this.#dependencies.authorizer, caller, spec));
    }

    const hidden = this.hiddenFields(caller, info);
    if (!hidden) {
      return this.#write({ ...call, request }, undefined);
    }

    const readable = asReadable(request);
    const watches = request.method === 'GET' && info.verb === 'watch';

    const response =
      METHODS_WITH_OBJECT.has(request.method) || request.method === 'DELETE'
        ? await this.#write({ ...call, request: readable }, hidden)
        : await kubernetes.request(readable);

    return redactedResponse(response, hidden, { watches });
  }

  /**
   * Makes a call of a Kubernetes component or of a holder of its administrator's certificate,
   * without a review. Passwords of users are hashed before they are stored, and their names
   * checked, too.
   */
  async callOfComponent(call: GateCall): Promise<KubeResponse> {
    const { info, request, kubernetes, own } = call;
    const isUser =
      info.group === USERS.group && info.resource === USERS.resource && info.isKubernetes;
    if (!isUser || !METHODS_WITH_OBJECT.has(request.method)) {
      return kubernetes.request(request);
    }

    const write = { info, request, body: await call.readBody(), hidden: undefined };

    const review = async (stored: KubeObject | undefined, proposed: KubeObject) => {
      if (!stored) {
        checkUserName(proposed.metadata.name ?? '');
      }

      return hashPlainPassword(proposed as User);
    };

    return new ReviewedWrite({ kubernetes, own }, write, review).make();
  }

  async #write(call: GateCall, hidden: SecretFields | undefined): Promise<KubeResponse> {
    const { caller, info, request, kubernetes } = call;
    const { review } = this.#dependencies;
    const hasObject = METHODS_WITH_OBJECT.has(request.method);
    const isReviewed = review.concerns(caller, info) || (hidden !== undefined && hasObject);
    const isExplained = explainsEffects(call) && (hasObject || request.method === 'DELETE');
    if (!isReviewed && !isExplained) {
      return kubernetes.request(request);
    }

    if (request.method === 'DELETE') {
      return this.#delete(call);
    }

    if (info.resource === 'serviceaccounts' && info.subresource === 'token') {
      return this.#callReviewed(call);
    }

    return this.#writeReviewed(call, hidden);
  }

  #reviewOf({ caller, info, request, isAuthorizedByKubernetes }: GateCall) {
    const dryRun = isDryRun(request);

    return (stored: KubeObject | undefined, proposed: KubeObject | undefined): Promise<Verdict> =>
      this.#dependencies.review.review({
        caller,
        info,
        stored,
        proposed,
        dryRun,
        checkedByKubernetes: isAuthorizedByKubernetes,
      });
  }

  /** Reviews and makes a call whose object does not matter, such as a request for a token. */
  async #callReviewed(call: GateCall): Promise<KubeResponse> {
    const verdict = await this.#reviewOf(call)(undefined, { metadata: { name: call.info.name } });
    const response = await call.kubernetes.request(call.request);

    await verdict.settle?.(response.status < 300);

    return response;
  }

  async #writeReviewed(call: GateCall, hidden: SecretFields | undefined): Promise<KubeResponse> {
    const { info, request, kubernetes, own } = call;
    const judge = this.#reviewOf(call);
    let verdict: Verdict = {};
    let warnings: string[] | undefined;
    let isStored = false;

    const review = async (stored: KubeObject | undefined, proposed: KubeObject) => {
      // An earlier review was of another version of the object.
      await verdict.settle?.(false);
      verdict = await judge(stored, proposed);

      const changes = explainsEffects(call)
        ? effectsOfWrite(this.#dependencies, info, stored, proposed)
        : undefined;

      warnings = changes && warningsOf(changes);

      return verdict.object;
    };

    try {
      const write = { info, request, body: await call.readBody(), hidden };
      const response = await new ReviewedWrite({ kubernetes, own }, write, review).make();

      isStored = response.status < 300;

      return warnings && isStored ? addWarnings(response, warnings) : response;
    } finally {
      await verdict.settle?.(isStored);
    }
  }

  /** Reviews and makes a deletion; the answer of a dry run says who would lose which rights. */
  async #delete(call: GateCall): Promise<KubeResponse> {
    const { info, request, kubernetes, own } = call;
    let stored: KubeObject | undefined;

    if (info.name !== '' && info.verb === 'delete') {
      const [url = ''] = request.url.split('?', 1);

      const found = await own.request({
        method: 'GET',
        url,
        headers: { accept: 'application/json' },
      });

      const bytes = await readBody(found.body, OBJECT_LIMIT);

      // The Kubernetes API itself answers for an object that does not exist, and reveals no more
      // than the caller may know.
      stored = found.status === 200 ? JSON.parse(bytes.toString()) : undefined;
    }

    const verdict = await this.#reviewOf(call)(stored, undefined);
    const response = await kubernetes.request(request);

    await verdict.settle?.(response.status < 300);

    if (!stored || !explainsEffects(call) || response.status >= 300) {
      return response;
    }

    const lost = effectsOfWrite(this.#dependencies, info, stored, undefined);

    return lost ? addWarnings(response, warningsOf(lost)) : response;
  }
}

function isSecret({ group, resource }: RequestInfo): boolean {
  return group === SECRETS.group && resource === SECRETS.resource;
}

/** Whether a call is a dry run (Kubernetes API Concepts, "Dry-run"). */
function isDryRun({ url }: KubeRequest): boolean {
  const mark = url.indexOf('?');
  return mark >= 0 && new URLSearchParams(url.slice(mark + 1)).getAll('dryRun').includes('All');
}

/** Whether the answer says who would gain and lose which rights: that of a dry run about roles. */
function explainsEffects({ request, info }: GateCall): boolean {
  return isDryRun(request) && givesRights(info);
}

/**
 * Replaces the status of a review, which the Kubernetes API made about this server, with one about
 * the caller. Refusals stay as they are.
 */
async function replaceStatus(
  response: KubeResponse,
  statusOf: (spec: NonNullable<KubeObject['spec']>) => Promise<object>,
): Promise<KubeResponse> {
  if (response.status !== 201) {
    return response;
  }

  const { 'content-length': _, ...headers } = response.headers;
  const bytes = await readBody(response.body, OBJECT_LIMIT);
  const object: KubeObject = JSON.parse(bytes.toString());
  const status = await statusOf(object.spec ?? {});
  const body = Buffer.from(JSON.stringify({ ...object, status }));

  return { ...response, headers, body };
}

/** Adds warnings that say who would gain and lose which rights. */
function addWarnings(response: KubeResponse, texts: readonly string[]): KubeResponse {
  const { warning } = response.headers;
  const own = warningHeader(texts);

  return {
    ...response,
    headers: { ...response.headers, warning: warning === undefined ? own : `${warning}, ${own}` },
  };
}
