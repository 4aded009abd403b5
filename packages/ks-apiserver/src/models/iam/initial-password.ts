import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import { isPublicPath } from '../authorization/policy.ts';
import { UNINITIALIZED_EXTRA } from './authenticate.ts';

const IAM = 'iam.kubesphere.io';

/** Throws Forbidden for all but reading himself and setting a password while somebody's password is one that another has set. */
export function checkInitialPassword(user: UserInfo, info: RequestInfo): void {
  if (user.extra?.[UNINITIALIZED_EXTRA] === undefined || isPublicPath(info.path)) return;
  const { isKubernetes, group, resource, subresource, name, verb } = info;
  const self = !isKubernetes && group === IAM && resource === 'users' && name === user.name;
  if (self && ((verb === 'get' && subresource === '') || (verb === 'update' && subresource === 'password'))) return;
  throw new StatusError(
    403,
    'Forbidden',
    `the password of user "${user.name}" was set by somebody else: set one of your own first, PUT /kapis/${IAM}/v1alpha2/users/${user.name}/password`,
  );
}
