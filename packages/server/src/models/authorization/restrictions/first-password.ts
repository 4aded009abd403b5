import { IAM_GROUP, TENANT_GROUP } from '@ks-apiserver/api/groups';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { isPublicPath } from '../public-paths.ts';

/** What the console lists before it shows its page for a first password. */
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

/** A caller without that duty, for who has met it in another way. */
export function freeOfDuty(caller: UserInfo): UserInfo {
  const { [UNINITIALIZED_EXTRA]: _duty, ...extra } = caller.extra ?? {};
  return { ...caller, extra };
}

/**
 * Whether a call patches one's own User through the Kubernetes API, as the console sets a first
 * password.
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

/** 403 for who has to set a password first. */
export function passwordFirst(name: string, why: string): StatusError {
  return new StatusError(
    403,
    'Forbidden',
    `the password of user "${name}" was set by somebody else: ${why}, PUT /kapis/${IAM_GROUP}/v1alpha2/users/${name}/password`,
  );
}

/**
 * Throws Forbidden for all but reading oneself, the list of one's workspaces and setting a
 * password, while somebody's password is one that another has set. What a patch of oneself does the
 * gate looks at.
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

  throw passwordFirst(user.name, 'set one of your own first');
}
