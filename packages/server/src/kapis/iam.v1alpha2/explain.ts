import { badRequest, forbidden } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo, scopeOf } from '@ks-apiserver/http/request/request-info';
import type { Handler } from '@ks-apiserver/http/routes/route';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import type { Explainer } from '../../models/authorization/explain.ts';
import { ALL_RIGHTS } from '../../models/authorization/rights.ts';

/** What explaining works with. */
export interface ExplainDependencies {
  explainer: Explainer;
  authorizer: Authorizer;
}

/**
 * Returns the call that a query describes, as the chain would parse it from a URL. Throws
 * BadRequest.
 */
function asked(query: URLSearchParams): RequestInfo {
  const value = (name: string) => query.get(name) ?? '';
  const [verb, path, resource] = [value('verb'), value('path'), value('resource')];
  if (verb === '') {
    throw badRequest('verb: name a verb, such as get or list');
  }
  if (resource === '' && path === '') {
    throw badRequest('resource: name a resource, or a non-resource path');
  }

  const [workspace, namespace, devops] = [value('workspace'), value('namespace'), value('devops')];
  const scope = scopeOf({ namespace, devops, workspace });
  const [name, subresource] = [value('name'), value('subresource')];

  // The path matters for public paths and for paths without a resource; no public path is about a
  // resource.
  if (resource === '') {
    return { ...NO_REQUEST, verb, path };
  }

  return {
    ...NO_REQUEST,
    path: '',
    isResource: true,
    // The built-in policy concerns KubeSphere's own paths.
    isKubernetes: value('api') === 'kubernetes',
    verb,
    group: value('apiGroup'),
    version: value('apiVersion'),
    workspace,
    namespace,
    devops,
    resource,
    subresource,
    name,
    scope,
  };
}

/**
 * Explains why a user may or may not make a call. Everybody may ask about themselves; about others
 * only callers with all rights.
 */
export function explainHandler({ explainer, authorizer }: ExplainDependencies): Handler {
  return async ({ query, user: caller }) => {
    const name = query.get('user') || caller.name;
    const isAdmin = authorizer.covers(caller, 'global', '', ALL_RIGHTS);
    const groups = query.getAll('group').filter((group) => group !== '');
    if (!isAdmin && (name !== caller.name || groups.length > 0)) {
      throw forbidden(
        { group: 'iam.kubesphere.io', resource: 'explain' },
        `User "${caller.name}" may only ask about themselves, without groups; questions about other users need all rights`,
      );
    }

    const subject: UserInfo =
      name === caller.name
        ? { ...caller, groups: [...caller.groups, ...groups] }
        : { name, groups: ['system:authenticated', ...groups] };

    const info = asked(query);

    const explanation = await explainer.explain(
      subject,
      info,
      (level, key) => isAdmin || authorizer.isMemberOf(caller, level, key),
    );

    return { user: name, ...explanation };
  };
}
