import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorizer.ts';
import { checkApiToken } from './api-tokens.ts';

/** Makes the status of a review that a caller makes about himself. */
type SelfReview = (
  authorizer: Authorizer,
  caller: UserInfo,
  spec: Spec,
) => object | Promise<object>;

/** What reviews say in their specs (Kubernetes authorization.k8s.io/v1). */
type Spec = NonNullable<KubeObject['spec']>;

/** Reviews about oneself, by `resource.group`. */
const REVIEWS: Readonly<Record<string, SelfReview>> = {
  'selfsubjectaccessreviews.authorization.k8s.io': accessReview,
  'selfsubjectrulesreviews.authorization.k8s.io': rulesReview,
  'selfsubjectreviews.authentication.k8s.io': subjectReview,
};

/**
 * The review about himself that a call makes, as kubectl does for `auth can-i` and `auth whoami`;
 * undefined for any other call.
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

/** The call that an access review asks about. */
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

async function accessReview(authorizer: Authorizer, caller: UserInfo, spec: Spec): Promise<object> {
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

function rulesReview(authorizer: Authorizer, caller: UserInfo, { namespace }: Spec): object {
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
    // What is built in for every user, and modules of roles, are no rules.
    incomplete: true,
  };
}

function subjectReview(_: Authorizer, { name, uid, groups, extra }: UserInfo): object {
  return { userInfo: { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) } };
}
