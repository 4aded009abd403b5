import { USERS } from '@ks-apiserver/api/resources';
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
import { withHashedPassword } from '../iam/passwords/plain-passwords.ts';
import type { Scopes } from '../iam/roles/scopes.ts';
import { checkUserName } from '../iam/users/user-names.ts';
import type { Verdict } from './attempt.ts';
import { CallerClient } from './caller-client.ts';
import { withoutNamespaces } from './hidden-namespaces.ts';
import { asReadable, redactedResponse } from './redacted-response.ts';
import { type SecretFields, secretFieldsOf } from './redaction.ts';
import { reviewedWrite } from './reviewed-write.ts';
import type { WriteReview } from './write-review.ts';

/** Largest object that is read before it is deleted, in bytes. */
const OBJECT_LIMIT = 16 * 1024 * 1024;
const METHODS_WITH_OBJECT = new Set(['POST', 'PUT', 'PATCH']);

/** What makes calls to a Kubernetes API. */
export type Requester = Pick<KubeTransport, 'request'>;

/** A call to the Kubernetes API that a caller makes. */
export interface GateCall {
  caller: UserInfo;
  info: RequestInfo;
  /** As it is to be sent on. */
  request: KubeRequest;
  /** Reads all of its body, not compressed; at most once. Throws 400, 413, 415. */
  readBody: () => Promise<Buffer>;
  /**
   * Where the call goes: with the server's own rights, or with the caller's at a Kubernetes API
   * that checks them itself.
   */
  kubernetes: Requester;
  /**
   * The same API with the server's own rights: by these a review reads, and stores what it has let
   * pass.
   */
  own: Requester;
  /** Whether the Kubernetes API decides by the caller's rights there, and not this server. */
  isAuthorizedByKubernetes: boolean;
}

/** What the gate works with. */
export interface GateParts {
  client: KubeClient;
  authorizer: Authorizer;
  review: WriteReview;
  effects: Effects;
  scopes: Scopes;
}

/**
 * Where all doors meet: calls of callers to the Kubernetes API, by handlers, by the proxy of `/api`
 * and `/apis`, by upgrades and at the secure port of the embedded API, are made here. Writes are
 * reviewed, and what must not be seen is kept back.
 */
export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** A client by which handlers write for a caller. */
  clientFor(caller: UserInfo): CallerClient {
    return new CallerClient(this.#parts.client, this.#parts.review, caller);
  }

  /** Fields of a kind that a caller does not see; undefined for none. */
  hiddenFields(caller: UserInfo, info: RequestInfo): SecretFields | undefined {
    const fields = secretFieldsOf(info);
    return fields?.shownToAdministrators && this.#parts.authorizer.holdsEverything(caller)
      ? undefined
      : fields;
  }

  /**
   * A call as it may be made: without the namespaces of the platform where it reads credentials of
   * all. Throws Forbidden for one that endangers the platform, where nobody else has looked.
   */
  narrowed({
    caller,
    info,
    request,
    isAuthorizedByKubernetes,
  }: Omit<GateCall, 'readBody' | 'kubernetes' | 'own'>): KubeRequest {
    const { authorizer } = this.#parts;

    // Kubernetes' own identities, such as ServiceAccounts, have what an administrator has given
    // them there.
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
   * Makes a call. Throws Forbidden for a write that grants what its caller has not. Calls that
   * nothing concerns are streamed.
   */
  async call(call: GateCall): Promise<KubeResponse> {
    const request = this.narrowed(call);
    const { caller, info, kubernetes } = call;
    const review = call.isAuthorizedByKubernetes ? undefined : selfReviewOf(info);
    if (review) {
      const response = await kubernetes.request(asReadable(request));
      return withStatus(response, (spec) => review(this.#parts.authorizer, caller, spec));
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
   * Makes a call of a component of Kubernetes or of who has its administrator's certificate, of
   * which nothing is reviewed; but a user's password is hashed before it is stored here too, and a
   * name must be one that a user can have.
   */
  async callOfComponent(call: GateCall): Promise<KubeResponse> {
    const { info, request, kubernetes, own } = call;
    const isUser =
      info.group === USERS.group && info.resource === USERS.resource && info.isKubernetes;
    if (!isUser || !METHODS_WITH_OBJECT.has(request.method)) {
      return kubernetes.request(request);
    }

    const write = { info, request, body: await call.readBody(), hidden: undefined };

    return reviewedWrite({ kubernetes, own }, write, (stored, wished) => {
      if (!stored) {
        checkUserName(wished.metadata.name ?? '');
      }

      return withHashedPassword(wished as User);
    });
  }

  async #write(call: GateCall, hidden: SecretFields | undefined): Promise<KubeResponse> {
    const { caller, info, request, kubernetes } = call;
    const { review } = this.#parts;
    const tries = isDryRun(request) && givesRights(info);
    const hasObject = METHODS_WITH_OBJECT.has(request.method);
    const isLookedAt = review.concerns(caller, info) || (hidden !== undefined && hasObject);
    if (!isLookedAt && !(tries && (hasObject || request.method === 'DELETE'))) {
      return kubernetes.request(request);
    }

    if (request.method === 'DELETE') {
      return this.#deletion(call, tries);
    }

    if (info.resource === 'serviceaccounts' && info.subresource === 'token') {
      return this.#reviewedCall(call);
    }

    return this.#reviewedWrite(call, hidden, tries);
  }

  #reviewOf({ caller, info, request, isAuthorizedByKubernetes }: GateCall) {
    const dryRun = isDryRun(request);

    return (stored: KubeObject | undefined, wished: KubeObject | undefined): Promise<Verdict> =>
      this.#parts.review.review({
        caller,
        info,
        stored,
        wished,
        dryRun,
        checkedByKubernetes: isAuthorizedByKubernetes,
      });
  }

  /** Makes a call whose object says nothing that matters, such as a request for a token. */
  async #reviewedCall(call: GateCall): Promise<KubeResponse> {
    const verdict = await this.#reviewOf(call)(undefined, { metadata: { name: call.info.name } });
    const response = await call.kubernetes.request(call.request);

    await verdict.settle?.(response.status < 300);

    return response;
  }

  async #reviewedWrite(
    call: GateCall,
    hidden: SecretFields | undefined,
    tries: boolean,
  ): Promise<KubeResponse> {
    const { info, request, kubernetes, own } = call;
    const { effects, scopes } = this.#parts;
    const review = this.#reviewOf(call);
    let verdict: Verdict = {};
    let texts: string[] | undefined;
    let isStored = false;

    try {
      const write = { info, request, body: await call.readBody(), hidden };

      const response = await reviewedWrite({ kubernetes, own }, write, async (stored, wished) => {
        // It was looked at before, at another version of the object.
        await verdict.settle?.(false);
        verdict = await review(stored, wished);

        const list = tries ? effectsOfWrite(effects, scopes, info, stored, wished) : undefined;
        texts = list && warningsOf(list);

        return verdict.object;
      });

      isStored = response.status < 300;

      return texts && isStored ? warned(response, texts) : response;
    } finally {
      await verdict.settle?.(isStored);
    }
  }

  /** Deletes an object after a look at it; one that is only tried says who would lose what. */
  async #deletion(call: GateCall, tries: boolean): Promise<KubeResponse> {
    const { info, request, kubernetes, own } = call;
    const { effects, scopes } = this.#parts;
    let stored: KubeObject | undefined;

    if (info.name !== '' && info.verb === 'delete') {
      const url = request.url.split('?', 1)[0]!;

      const found = await own.request({
        method: 'GET',
        url,
        headers: { accept: 'application/json' },
      });

      const bytes = await readBody(found.body, OBJECT_LIMIT);

      // What is not there is refused by the Kubernetes API itself, in words that tell no more than
      // the caller may know.
      stored = found.status === 200 ? (JSON.parse(bytes.toString()) as KubeObject) : undefined;
    }

    const verdict = await this.#reviewOf(call)(stored, undefined);
    const response = await kubernetes.request(request);

    await verdict.settle?.(response.status < 300);

    const list =
      tries && stored ? effectsOfWrite(effects, scopes, info, stored, undefined) : undefined;

    return list && response.status < 300 ? warned(response, warningsOf(list)) : response;
  }
}

/** Whether a call only tries a write (Kubernetes API Concepts, "Dry-run"). */
function isDryRun({ url }: KubeRequest): boolean {
  const mark = url.indexOf('?');
  return mark >= 0 && new URLSearchParams(url.slice(mark + 1)).getAll('dryRun').includes('All');
}

/**
 * Replaces the status of a review, which the Kubernetes API has made about this server, by one
 * about the caller. Refusals stay as they are.
 */
async function withStatus(
  response: KubeResponse,
  statusOf: (spec: NonNullable<KubeObject['spec']>) => object | Promise<object>,
): Promise<KubeResponse> {
  if (response.status !== 201) {
    return response;
  }

  const { 'content-length': _, ...headers } = response.headers;
  const object = JSON.parse((await readBody(response.body, OBJECT_LIMIT)).toString()) as KubeObject;
  const body = Buffer.from(
    JSON.stringify({ ...object, status: await statusOf(object.spec ?? {}) }),
  );

  return { ...response, headers, body };
}

/** An answer that also says, as warnings, who would gain and lose what. */
function warned(response: KubeResponse, texts: readonly string[]): KubeResponse {
  const { warning } = response.headers;
  const own = warningHeader(texts);

  return {
    ...response,
    headers: { ...response.headers, warning: warning === undefined ? own : `${warning}, ${own}` },
  };
}
