import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { ALL_RESOURCES, rulesOf } from '../../authorization/rights.ts';
import { checkGrant } from '../../iam/grants/grants.ts';
import type { Scopes } from '../../iam/roles/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../attempt.ts';

const TEMPLATES = 'tenant.kubesphere.io/workspacetemplates';
const WORKSPACES = 'tenant.kubesphere.io/workspaces';

function managerOf({ resource }: RequestInfo, object: KubeObject | undefined): string {
  const spec = resource === 'workspaces' ? object?.spec : object?.spec?.template?.spec;
  return String(spec?.manager ?? '');
}

/** Reviews workspaces: a controller makes the manager their admin, so naming one is a grant. */
export function workspaceRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: new Set([TEMPLATES, WORKSPACES]),

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { caller, info, stored, proposed } = attempt;
      const manager = managerOf(info, proposed);
      if (manager === '' || manager === managerOf(info, stored)) {
        return;
      }

      const name = nameOf(attempt);
      const scope = scopes.workspace(name);
      const roleName = `${name}-admin`;
      const role = scopes.role(scope, roleName);
      const rules = role?.object ? rulesOf(role.object) : ALL_RESOURCES;

      checkGrant(authorizer, caller, { scope, verb: 'bind', roleName, rules });
    },
  };
}
