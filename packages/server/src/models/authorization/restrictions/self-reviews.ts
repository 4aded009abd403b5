import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import { checkApiToken } from './api-tokens.ts';

/** What reviews ask the authorizer. */
export interface ReviewAuthorizer {
  /** Whether a caller may make a call. */
  permits(caller: UserInfo, info: RequestInfo): Awaitable<boolean>;
  /** The rules of all roles that a caller has in a namespace. */
  rulesIn(caller: UserInfo, scope: 'namespace', namespace: string): PolicyRule[];
}

/** Returns the status of a review that a caller makes about themselves. */
type SelfReview = (authorizer: ReviewAuthorizer, caller: UserInfo, spec: Spec) => Promise<object>;

/** The spec of a review (Kubernetes authorization.k8s.io/v1). */
type Spec = NonNullable<KubeObject['spec']>;

/** Reviews about the caller, by `resource.group`. */
const REVIEWS: Readonly<Record<string, SelfReview>> = {
  'selfsubjectaccessreviews.authorization.k8s.io': accessReview,
  'selfsubjectrulesreviews.authorization.k8s.io': rulesReview,
  'selfsubjectreviews.authentication.k8s.io': subjectReview,
};

/**
 * Returns the review about themselves that a caller asks for, as kubectl does for `auth can-i` and
 * `auth whoami`; undefined for any other call.
 */
export function selfReviewOf({
  isKubernetes,
  verb,
  group,
  resource,
  name,
}: RequestInfo): SelfReview | undefined {
  if (!isKubernetes || verb !== 'create' || name !== '') {
    return undefined;
  }

  const key = `${resource}.${group}`;

  return Object.hasOwn(REVIEWS, key) ? REVIEWS[key] : undefined;
}

/** Returns the call that an access review asks about. */
function callOf({ resourceAttributes: resource, nonResourceAttributes: other }: Spec): RequestInfo {
  if (!resource) {
    const { path = '', verb = '' } = other ?? {};

    return {
      ...NO_REQUEST,
      path: String(path),
      verb: String(verb).toUpperCase(),
      isKubernetes: true,
    };
  }

  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const namespace = text(resource.namespace);

  return {
    ...NO_REQUEST,
    isResource: true,
    isKubernetes: true,
    verb: text(resource.verb),
    group: text(resource.group),
    version: text(resource.version),
    resource: text(resource.resource),
    subresource: text(resource.subresource),
    name: text(resource.name),
    namespace,
    scope: namespace === '' ? 'Cluster' : 'Namespace',
  };
}

async function accessReview(
  authorizer: ReviewAuthorizer,
  caller: UserInfo,
  spec: Spec,
): Promise<object> {
  const info = callOf(spec);

  try {
    checkApiToken(caller, info);
  } catch (error) {
    if (error instanceof StatusError) {
      return { allowed: false, reason: error.message };
    }

    throw error;
  }

  return { allowed: await authorizer.permits(caller, info) };
}

async function rulesReview(
  authorizer: ReviewAuthorizer,
  caller: UserInfo,
  { namespace }: Spec,
): Promise<object> {
  const rules = authorizer.rulesIn(caller, 'namespace', String(namespace ?? ''));
  const resourceRules = rules.filter(({ resources }) => resources?.length);
  const nonResourceRules = rules.filter(({ nonResourceURLs }) => nonResourceURLs?.length);

  return {
    resourceRules: resourceRules.map(
      ({ verbs, apiGroups, resources, resourceNames }: PolicyRule) => {
        return { verbs, apiGroups, resources, ...(resourceNames && { resourceNames }) };
      },
    ),
    nonResourceRules: nonResourceRules.map(({ verbs, nonResourceURLs }: PolicyRule) => ({
      verbs,
      nonResourceURLs,
    })),
    // The built-in policy for every user, and modules of roles, cannot be given as rules.
    incomplete: true,
  };
}

async function subjectReview(
  _: ReviewAuthorizer,
  { name, uid, groups, extra }: UserInfo,
): Promise<object> {
  return { userInfo: { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) } };
}
