import { SERVICE_ACCOUNT_ROLE } from '@ks-apiserver/api/annotations';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { ALL_RIGHTS } from '../../../authorization/rights.ts';
import { checkGrant } from '../../../iam/grants/grants.ts';
import type { Scopes } from '../../../iam/roles/scopes.ts';
import type { Rule, WriteAttempt } from '../../attempt.ts';

function roleOf(object: KubeObject | undefined): string {
  return object?.metadata.annotations?.[SERVICE_ACCOUNT_ROLE] ?? '';
}

/**
 * Reviews ServiceAccounts: a controller binds each to the role that its annotation names, so
 * setting the annotation is a grant of that role.
 */
export function serviceAccountRoleRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: new Set(['/serviceaccounts']),

    async review({ caller, info, stored, proposed }: WriteAttempt): Promise<undefined> {
      const roleName = roleOf(proposed);
      if (roleName === '' || roleName === roleOf(stored)) {
        return;
      }

      const scope = scopes.namespace(proposed?.metadata.namespace ?? info.namespace);
      const role = scopes.template(scope, roleName)?.object;

      // A role that does not exist yet may come to allow anything.
      const rules = role ? authorizer.rightsOf(role) : ALL_RIGHTS;

      checkGrant(authorizer, caller, { scope, verb: 'bind', roleName, rules });
    },
  };
}
