import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import { iamError } from '../../models/iam/errors.ts';
import type { Scope, Scopes } from '../../models/iam/roles/scopes.ts';

/** Levels that paths of roles and members have. */
export type Level = 'global' | 'cluster' | 'workspace' | 'namespace' | 'devops';

/**
 * Wraps the handlers of a level: each gets the scope and the name that the path means, and its
 * errors become those of IAM.
 */
export function scoped(scopes: Scopes, level: Level, parameter: string) {
  return (handle: (scope: Scope, name: string, request: RouteRequest) => unknown): Handler =>
    async (request) => {
      try {
        return await handle(
          scopes.ofPath(request.params, level),
          request.params[parameter] ?? '',
          request,
        );
      } catch (error) {
        throw iamError(error);
      }
    };
}
