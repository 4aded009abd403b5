import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { queryOf } from '@ks-apiserver/client/kube/resource-path';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';

const EXPLAIN = '/kapis/iam.kubesphere.io/v1alpha2/explain';

/** Returns the place of a call as its URL names it, so that the answer reveals nothing new. */
function whereOf({ scope, workspace, namespace, devops }: RequestInfo): {
  field: string;
  words: string;
} {
  if (scope === 'Namespace') {
    return { field: 'namespace', words: `in the namespace "${namespace}"` };
  }
  if (scope === 'DevOps') {
    return { field: 'devops', words: `in the DevOps project "${devops}"` };
  }
  if (scope === 'Workspace') {
    return { field: 'workspace', words: `in the workspace "${workspace}"` };
  }

  return { field: 'cluster', words: 'on the platform' };
}

/**
 * Returns the 403 for a call that nothing allows. The message is 3.0's, word for word.
 * `details.causes` says in which scope a role is missing, where 3.0 says "at the cluster scope" of
 * workspaces and projects too, and where to ask for the reasons.
 */
export function denial(user: UserInfo, info: RequestInfo, suffix: string): StatusError {
  const { verb, group, resource, subresource, name, namespace, workspace, devops, path } = info;
  const { field, words } = whereOf(info);
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const missing = info.isResource
    ? `verb "${verb}" on "${full}" of API group "${group}" ${words}`
    : `"${verb} ${path}"`;
  const asked = info.isResource
    ? { verb, apiGroup: group, resource, subresource, name, namespace, workspace, devops }
    : { verb, path };
  const message = `no role allows ${missing}; ask for a role that does, or see ${EXPLAIN}${queryOf(asked)}`;
  const causes = [{ reason: 'RoleMissing', message, field }];

  if (!info.isResource) {
    return new StatusError(
      403,
      'Forbidden',
      `forbidden: User "${user.name}" cannot ${verb} path "${path}"${suffix}`,
      {
        causes,
      },
    );
  }

  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = `${group === '' ? resource : `${resource}.${group}`}${name === '' ? '' : ` "${name}"`}`;
  const why = `User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${where}${suffix}`;

  return new StatusError(403, 'Forbidden', `${what} is forbidden: ${why}`, {
    name: name || undefined,
    group: group || undefined,
    kind: resource,
    causes,
  });
}
