import { badRequest, invalid, type StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import type { KubeResponse, UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Attributes } from '../registry/authorization/rbac.ts';
import { schemaOf } from '../registry/kind-rules.ts';
import { timestamp } from '../registry/metadata.ts';
import { contentType, parseBody, requestBody, SMALL_BODY_BYTES } from './body.ts';
import type { Call } from './call.ts';
import { decodeKind } from './decode.ts';
import { virtualResponse } from './respond.ts';
import { trackVirtual } from './write-options.ts';

async function review(call: Call): Promise<KubeObject> {
  const body = parseBody(await requestBody(call.request, SMALL_BODY_BYTES), contentType(call.request), call.type.kind);
  const object = decodeKind(body, call.type, schemaOf(call.type), 'Warn', call.warnings);
  trackVirtual(call, call.type, object);
  return object;
}

function answer(call: Call, object: KubeObject, status: unknown): KubeResponse {
  return virtualResponse(call, call.type, { metadata: object.metadata, spec: object.spec, status }, 201);
}

/** 422 about a review; Kubernetes leaves its kind out. */
function invalidReview(cause: StatusCause): Error {
  return invalid({ group: 'authorization.k8s.io', kind: '' }, [cause]);
}

function attributesOf(spec: KubeObject['spec']): Attributes {
  const resource = spec?.resourceAttributes;
  const other = spec?.nonResourceAttributes;
  if (resource && other) {
    const shown = { Path: other.path ?? '', Verb: other.verb ?? '' };
    const why = 'cannot be specified in combination with resourceAttributes';
    throw invalidReview(invalidValue('spec.nonResourceAttributes', shown, why));
  }
  if (!resource && !other) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw invalidReview(invalidValue('spec.resourceAttributes', undefined, why));
  }
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
  return decide(call, call.user, await review(call));
}

/** `POST subjectaccessreviews` and `localsubjectaccessreviews`. */
export async function subjectAccessReview(call: Call): Promise<KubeResponse> {
  const object = await review(call);
  const { user = '', groups = [], uid } = object.spec ?? {};
  if (user === '' && groups.length === 0) {
    throw invalidReview(invalidValue('spec.user', '', 'at least one of user or group must be specified'));
  }
  const { namespace } = object.spec?.resourceAttributes ?? {};
  if (call.path.namespace !== '' && object.spec?.resourceAttributes && namespace !== call.path.namespace) {
    const why = 'must match metadata.namespace';
    throw invalidReview(invalidValue('spec.resourceAttributes.namespace', namespace ?? '', why));
  }
  return decide(call, { name: user, groups, ...(uid && { uid }) }, object);
}

/** `POST selfsubjectrulesreviews`. */
export async function selfSubjectRulesReview(call: Call): Promise<KubeResponse> {
  const object = await review(call);
  const namespace = object.spec?.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
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
  return virtualResponse(call, call.type, { metadata, status: { userInfo: userInfo(call.user) } }, 201);
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
  return answer(call, object, { authenticated: true, user: userInfo(result.user), audiences: result.audiences });
}
