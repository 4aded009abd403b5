import { badRequest, invalid } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeResponse, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Attributes } from '../../registry/authorization/rbac.ts';
import { schemaOf } from '../../registry/resources/kind-rules.ts';
import { matchUrl } from '../../registry/resources/metadata.ts';
import type { Call } from '../call.ts';
import { contentType, parseBody, requestBody, SMALL_BODY_BYTES } from '../codec/body.ts';
import { decodeKind } from '../codec/decode.ts';
import { virtualResponse } from '../respond.ts';
import { trackVirtual } from '../verbs/write-options.ts';
import { reviewCauses } from './review-causes.ts';

async function review(call: Call): Promise<KubeObject> {
  const body = parseBody(
    await requestBody(call.request, SMALL_BODY_BYTES),
    contentType(call.request),
    call.type.kind,
  );

  const object = decodeKind(body, call.type, schemaOf(call.type), 'Warn', call.warnings);
  matchUrl(call.type, object, call.path.namespace);
  trackVirtual(call, call.type, object);

  return object;
}

function answer(call: Call, object: KubeObject, status: unknown): KubeResponse {
  return virtualResponse(
    call,
    call.type,
    { metadata: object.metadata, spec: object.spec, status },
    201,
  );
}

/** Throws the causes of an invalid access review; Kubernetes leaves out its kind. */
function check(object: KubeObject, kind: Parameters<typeof reviewCauses>[1]): void {
  const causes = reviewCauses(object, kind);
  if (causes.length > 0) {
    throw invalid({ group: 'authorization.k8s.io', kind: '', name: '' }, causes);
  }
}

function attributesOf(spec: KubeObject['spec']): Attributes {
  const resource = spec?.resourceAttributes;
  const other = spec?.nonResourceAttributes;

  return {
    verb: (resource ?? other).verb ?? '',
    isResource: resource !== undefined,
    group: resource?.group ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    name: resource?.name ?? '',
    namespace: resource?.namespace ?? '',
    path: other?.path ?? '',
  };
}

function decide(call: Call, user: UserInfo, object: KubeObject): KubeResponse {
  const attributes = attributesOf(object.spec);
  const { rbac } = call.api;
  const allowed = rbac.allows(user, attributes);
  const reason = allowed ? rbac.reason(user, attributes) : '';

  return answer(call, object, { allowed, ...(reason && { reason }) });
}

/** `POST selfsubjectaccessreviews`. */
export async function selfSubjectAccessReview(call: Call): Promise<KubeResponse> {
  const object = await review(call);
  check(object, 'own');
  return decide(call, call.user, object);
}

/** `POST subjectaccessreviews` and `localsubjectaccessreviews`. */
export async function subjectAccessReview(call: Call): Promise<KubeResponse> {
  const object = await review(call);
  check(object, call.type.namespaced ? 'local' : 'any');
  const { user = '', groups = [], uid } = object.spec ?? {};
  return decide(call, { name: user, groups, ...(uid && { uid }) }, object);
}

/** `POST selfsubjectrulesreviews`. */
export async function selfSubjectRulesReview(call: Call): Promise<KubeResponse> {
  const object = await review(call);
  const namespace = object.spec?.namespace ?? '';
  if (namespace === '') {
    throw badRequest('no namespace on request');
  }

  const rules = call.user.groups.includes('system:masters')
    ? [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ]
    : [...call.api.rbac.rulesOf(call.user, namespace)];

  return answer(call, object, {
    resourceRules: rules.filter((rule) => rule.resources?.length),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs?.length),
    incomplete: false,
  });
}

function userInfo({ name, uid, groups, extra }: UserInfo) {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

/** `POST selfsubjectreviews`. */
export async function selfSubjectReview(call: Call): Promise<KubeResponse> {
  await review(call);

  const metadata = { creationTimestamp: timestamp(call.now) };

  return virtualResponse(
    call,
    call.type,
    { metadata, status: { userInfo: userInfo(call.user) } },
    201,
  );
}

/** `POST tokenreviews`. */
export async function tokenReview(call: Call): Promise<KubeResponse> {
  const object = await review(call);
  const token = object.spec?.token;
  if (typeof token !== 'string' || token === '') {
    throw badRequest('token is required for TokenReview in authentication');
  }

  const { tokens } = call.api;
  const audiences: string[] = object.spec.audiences ?? [];
  const result = tokens.check(token, audiences.length > 0 ? audiences : [tokens.issuer]);
  if ('fault' in result) {
    const error = result.fault ? `[invalid bearer token, ${result.fault}]` : 'invalid bearer token';
    return answer(call, object, { user: {}, error });
  }

  return answer(call, object, {
    authenticated: true,
    user: userInfo(result.user),
    audiences: result.audiences,
  });
}
