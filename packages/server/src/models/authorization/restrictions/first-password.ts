import { IAM_GROUP, TENANT_GROUP } from '@ks-apiserver/api/groups';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { isPublicPath } from '../public-paths.ts';

/** Lists that the console reads before it shows its page for a first password. */
const LISTED = new Set(['workspaces', 'workspacetemplates']);

/**
 * Extra of a caller who must set a password of their own before anything else (the name is
 * KubeSphere 3.2's).
 */
export const UNINITIALIZED_EXTRA = 'uninitialized';

/** Whether a caller must set a password of their own before anything else. */
export function mustSetPassword({ extra }: UserInfo): boolean {
  return extra?.[UNINITIALIZED_EXTRA] !== undefined;
}

/** Returns a caller without that duty, after they have met it in another way. */
export function withoutPasswordDuty(caller: UserInfo): UserInfo {
  const { [UNINITIALIZED_EXTRA]: _duty, ...extra } = caller.extra ?? {};
  return { ...caller, extra };
}

/**
 * Whether a call patches the caller's own User through the Kubernetes API, as the console does to
 * set a first password.
 */
export function patchesSelf(user: UserInfo, info: RequestInfo): boolean {
  const { isKubernetes, group, resource, subresource, name, verb } = info;

  const isUser =
    group === IAM_GROUP &&
    resource === 'users' &&
    subresource === '' &&
    name !== '' &&
    name === user.name;

  return isKubernetes && isUser && verb === 'patch';
}

/** Returns 403 for a user who must set a password first. */
export function passwordRequired(name: string, why: string): StatusError {
  return new StatusError(
    403,
    'Forbidden',
    `the password of user "${name}" was set by somebody else: ${why}, PUT /kapis/${IAM_GROUP}/v1alpha2/users/${name}/password`,
  );
}

/**
 * While a user's password is one that somebody else has set, throws Forbidden for all calls but
 * reading their own user, listing their workspaces and setting a password. The gate reviews patches
 * of their own user.
 */
export function checkFirstPassword(user: UserInfo, info: RequestInfo): void {
  if (!mustSetPassword(user) || isPublicPath(info.path) || patchesSelf(user, info)) {
    return;
  }

  const { isKubernetes, group, resource, subresource, name, namespace, workspace, verb } = info;
  const isSelf = group === IAM_GROUP && resource === 'users' && name === user.name;
  const readsSelf = isSelf && verb === 'get' && subresource === '';
  const setsPassword = isSelf && verb === 'update' && subresource === 'password';
  const isInPlace = namespace !== '' || workspace !== '';
  const listsWorkspaces =
    group === TENANT_GROUP && LISTED.has(resource) && verb === 'list' && !isInPlace;
  if (!isKubernetes && (readsSelf || setsPassword || listsWorkspaces)) {
    return;
  }

  throw passwordRequired(user.name, 'set one of your own first');
}
