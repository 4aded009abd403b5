import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Attributes, RbacAuthorizer } from '../../registry/authorization/rbac.ts';
import type { ApiPath } from '../api-path.ts';

/** Verbs of collections: with a selector of one name they are authorized for that object. */
const BY_SELECTOR = new Set(['list', 'watch', 'deletecollection']);

function selectedName(query: URLSearchParams): string {
  const selector = query.get('fieldSelector');
  return (selector && /(?:^|,)metadata\.name==?([^,=!\\]+)(?:,|$)/.exec(selector)?.[1]) || '';
}

/** The attributes of a call of a resource. */
export function resourceAttributes(
  path: ApiPath,
  verb: string,
  query: URLSearchParams,
): Attributes {
  const { group, resource, subresource } = path;
  const name = path.name || (BY_SELECTOR.has(verb) ? selectedName(query) : '');

  // A Namespace is in itself, so that roles in it can apply to it.
  const namespace = resource === 'namespaces' && group === '' ? name : path.namespace;

  return { verb, isResource: true, group, resource, subresource, name, namespace, path: '' };
}

/** The attributes of a call of another path. */
export function pathAttributes(path: string, method: string): Attributes {
  const verb = method.toLowerCase();

  return {
    verb,
    isResource: false,
    group: '',
    resource: '',
    subresource: '',
    name: '',
    namespace: '',
    path,
  };
}

/** 403 in kube-apiserver's words. */
export function forbiddenBy(user: UserInfo, attributes: Attributes): StatusError {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;

  if (!attributes.isResource) {
    return new StatusError(
      403,
      'Forbidden',
      `forbidden: ${who} path ${JSON.stringify(attributes.path)}`,
      {},
    );
  }

  const { group, resource, subresource, name, namespace } = attributes;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const what = `${group === '' ? resource : `${resource}.${group}`}${name && ` ${JSON.stringify(name)}`}`;

  return new StatusError(
    403,
    'Forbidden',
    `${what} is forbidden: ${who} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${where}`,
    { ...(name && { name }), ...(group && { group }), kind: resource },
  );
}

/** Throws a StatusError 403 unless the user may. */
export function authorize(rbac: RbacAuthorizer, user: UserInfo, attributes: Attributes): void {
  if (!rbac.allows(user, attributes)) {
    throw forbiddenBy(user, attributes);
  }
}
