import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest, UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Attributes, RbacAuthorizer } from '../../registry/authorization/rbac.ts';
import { authorize } from './authorize.ts';

function attributes(
  resource: string,
  name: string,
  group = '',
  namespace = '',
  subresource = '',
): Attributes {
  return {
    verb: 'impersonate',
    isResource: true,
    group,
    resource,
    subresource,
    name,
    namespace,
    path: '',
  };
}

/**
 * Keys with characters that are invalid in headers are percent-encoded; an invalid encoding is kept
 * as it is.
 */
function extraKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A user as kube-apiserver's message prints it (Go's `%#v`). */
function formatRequest(headers: KubeRequest['headers'], asked: readonly string[]): string {
  const quoted = (values: readonly string[]) =>
    `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
  const groups = headers['impersonate-group'];

  const extra = asked
    .filter((header) => header.startsWith('impersonate-extra-'))
    .map(
      (header) =>
        `${JSON.stringify(extraKey(header.slice('impersonate-extra-'.length)))}:${quoted([headers[header] ?? ''])}`,
    );

  const shownGroups = groups ? quoted(groupNames(groups)) : '[]string(nil)';
  const shownExtra = `map[string][]string${extra.length > 0 ? `{${extra.join(', ')}}` : '(nil)'}`;
  const uid = JSON.stringify(headers['impersonate-uid'] ?? '');

  return `&user.DefaultInfo{Name:"", UID:${uid}, Groups:${shownGroups}, Extra:${shownExtra}}`;
}

function groupNames(header: string): string[] {
  return header
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
}

/**
 * The user that a request impersonates by its Impersonate- headers (Kubernetes "Authenticating",
 * "User impersonation"); throws StatusErrors 400 and 403.
 */
export function impersonate(
  rbac: RbacAuthorizer,
  headers: KubeRequest['headers'],
  user: UserInfo,
): UserInfo {
  const name = headers['impersonate-user'];
  const asked = Object.keys(headers).filter((header) => header.startsWith('impersonate-'));
  if (asked.length === 0) {
    return user;
  }
  if (!name) {
    throw badRequest(
      `requested ${formatRequest(headers, asked)} without impersonating a user name`,
    );
  }

  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  if (namespace !== undefined && account !== undefined) {
    authorize(rbac, user, attributes('serviceaccounts', account, '', namespace));
  } else {
    authorize(rbac, user, attributes('users', name));
  }

  const groups = groupNames(headers['impersonate-group'] ?? '');
  for (const group of groups) {
    authorize(rbac, user, attributes('groups', group));
  }

  const uid = headers['impersonate-uid'];
  if (uid) {
    authorize(rbac, user, attributes('uids', uid, 'authentication.k8s.io'));
  }

  const extra: Record<string, string[]> = {};

  for (const header of asked) {
    if (!header.startsWith('impersonate-extra-')) {
      continue;
    }

    const key = extraKey(header.slice('impersonate-extra-'.length));
    const value = headers[header] ?? '';

    authorize(rbac, user, attributes('userextras', value, 'authentication.k8s.io', '', key));
    extra[key] = [value];
  }

  const implied =
    account && groups.length === 0
      ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`]
      : [];

  const all = new Set([
    ...groups,
    ...implied,
    name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated',
  ]);

  return {
    name,
    groups: [...all],
    ...(uid && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
